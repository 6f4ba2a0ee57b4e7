// A pcapng file: frames are counted from 1 without a gap, and an error names a place within the file.
// depends: replay_capture
#include "pcap-replay/capture/capture_samples.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace mpsec::replay;
  mpsec::Octets file = mpsec::hex("0a0d0d0a");
  mpsec::append(file, {octets, size});
  auto reader = read_capture(samples::as_file(file), "input");
  mpsec::fuzz::require(reader.has_value(), "the first octets make it a pcapng file");
  CapturedFrame frame;
  std::uint64_t frames = 0;
  auto next = CaptureReader::Next::frame;
  while ((next = (*reader)->next(frame)) == CaptureReader::Next::frame) {
    mpsec::fuzz::require(frame.number == ++frames, "frames are counted");
    mpsec::fuzz::require(frame.octets.size() <= file.size(), "a frame is no larger than its file");
  }
  if (next == CaptureReader::Next::damaged)
    mpsec::fuzz::require((*reader)->error().offset.value_or(file.size() + 1) <= file.size(),
                         "the error lies within the file");
  return 0;
}
