// mpsec-replay without decryption against libpcap's bare loop over the same file.
// depends: replay_core crypto_openssl PkgConfig::PCAP

// A capture of ESP packets of 16 SAs in turns lies in the page cache. The floor: open, pcap_next_ex until the
// end, close. Ours: the same frames through link layer, packet finder, stream table, replay window and all
// reordering metrics. `of_floor` is the share of the floor's speed; memory does not grow with the file.
#include "pcap-replay/core/replay.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <pcap/pcap.h>
#include <unistd.h>

#include "crypto/openssl/openssl_provider.hpp"
#include "pcap-replay/capture/capture_samples.hpp"
#include "support/comparison.hpp"

namespace mpsec::bench {
namespace {

constexpr std::uint32_t frames = 10'000;
constexpr std::uint32_t streams = 16;

// An Ethernet frame with an ESP packet from 192.0.2.1 to 192.0.2.2.
Octets esp_frame(std::size_t octets, std::uint32_t index) {
  Octets frame = hex("020000000001 020000000002 0800 45000000 00010000 40320000 c0000201 c0000202");
  store_be(frame.data() + 16, static_cast<std::uint16_t>(octets - 14));
  append_be(frame, 0x1000 + index % streams);
  append_be(frame, index / streams + 1);
  frame.resize(octets);
  return frame;
}

class CaptureFile {
 public:
  explicit CaptureFile(std::size_t octets) {
    std::FILE* file = ::fdopen(::mkstemp(path_.data()), "wb");
    Octets record = replay::samples::pcap_header(1);
    for (std::uint32_t index = 0; index < frames; ++index) {
      replay::samples::append_pcap_frame(record, esp_frame(octets, index), index / 1000, index % 1000);
      std::fwrite(record.data(), 1, record.size(), file);
      record.clear();
    }
    std::fclose(file);
  }
  ~CaptureFile() { ::unlink(path_.c_str()); }
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "mpsec-bench-XXXXXX").string();
};

std::uint64_t bare_loop(const std::string& path) {
  char why[PCAP_ERRBUF_SIZE];
  pcap_t* const capture = pcap_open_offline(path.c_str(), why);
  pcap_pkthdr* header = nullptr;
  const u_char* octets = nullptr;
  std::uint64_t seen = 0;
  while (pcap_next_ex(capture, &header, &octets) == 1)
    seen += header->caplen;
  pcap_close(capture);
  return seen;
}

std::uint64_t replayed(const std::string& path, const crypto::Provider& provider) {
  const std::vector<replay::KeyEntry> no_keys;
  replay::Replay replay(no_keys, provider, {});
  const auto reader = replay::open_capture(path);
  replay::CapturedFrame frame;
  while ((*reader)->next(frame) == replay::CaptureReader::Next::frame)
    replay.frame(frame);
  return replay.counts().esp;
}

void without_decryption(benchmark::State& state) {
  const auto octets = static_cast<std::size_t>(state.range(0));
  const CaptureFile capture(octets);
  const auto provider = crypto::make_openssl_provider();
  if (replayed(capture.path(), *provider) != frames) return state.SkipWithError("not every packet was found");
  against_the_floor(
      state, [] {}, [&] { benchmark::DoNotOptimize(bare_loop(capture.path())); },
      [&] { benchmark::DoNotOptimize(replayed(capture.path(), *provider)); }, frames, octets);
}
BENCHMARK(without_decryption)->Arg(94)->Arg(1446)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mpsec::bench
