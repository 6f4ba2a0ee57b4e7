# Called by plot_cluster with `work` (CSV files) and `out` (where the plots go).
set datafile separator ","
set terminal svg size 760,480 font "sans,12" background "white"
set logscale xy
set grid
set key outside bottom center horizontal

set output out."/cluster-workers.svg"
set title "What sharing costs a packet (simulated from measured costs of a cache line)"
set xlabel "workers, each with 600 cycles of other work for a packet"
set ylabel "cycles per packet and worker"
set xrange [1:1024]
plot for [column=2:7] work."/workers.csv" using 1:column with linespoints title columnheader(column)

set output out."/cluster-window.svg"
set title "Window needed at 1,000,000 packets/s (points: simulated; lines: workers x lease + skew x rate)"
set xlabel "paths, with one worker each"
set ylabel "numbers"
set xrange [1:64]
set yrange [1:100000]
leases = "1 8 32 64"
plot for [i=1:4] work."/".word(leases, i)."-0.csv" using 1:5 with lines linecolor i \
       title "leases of ".word(leases, i).", no skew", \
     for [i=1:4] work."/".word(leases, i)."-0.csv" using 1:4 with points pointtype 7 linecolor i notitle, \
     for [i=1:4:3] work."/".word(leases, i)."-10.csv" using 1:5 with lines dashtype 2 linecolor i \
       title "leases of ".word(leases, i).", 10 ms", \
     for [i=1:4:3] work."/".word(leases, i)."-10.csv" using 1:4 with points pointtype 6 linecolor i notitle
