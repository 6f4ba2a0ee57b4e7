# Called by plot_cluster with `work` (CSV files) and `out` (where the plots go).
set datafile separator ","
set terminal svg size 760,460 font "sans,12" background "white"
set logscale xy
set grid
set key left top

set output out."/cluster-workers.svg"
set title "What sharing costs a packet (simulated from measured costs of a cache line)"
set xlabel "workers"
set ylabel "cycles per packet and worker"
plot for [column=2:7] work."/workers.csv" using 1:column with linespoints title columnheader(column)

set output out."/cluster-window.svg"
set title "Window needed at 1,000,000 packets/s (points: simulated; lines: workers x lease + skew x rate)"
set xlabel "paths, with one worker each"
set ylabel "numbers"
set yrange [1:100000]
skews = "0 10"
plot for [lease in "1 8 32 64"] work."/".lease."-0.csv" using 1:5 with lines title "lease ".lease.", no skew", \
     for [lease in "1 8 32 64"] work."/".lease."-0.csv" using 1:4 with points pointtype 7 pointsize 0.5 notitle, \
     for [lease in "1 64"] work."/".lease."-10.csv" using 1:5 with lines dashtype 2 title "lease ".lease.", 10 ms", \
     for [lease in "1 64"] work."/".lease."-10.csv" using 1:4 with points pointtype 6 pointsize 0.5 notitle
