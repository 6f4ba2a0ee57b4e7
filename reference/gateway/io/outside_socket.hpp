// One socket of the unprotected side.
#pragma once

#include <memory>
#include <mutex>

#include "gateway/io/outside.hpp"
#include "gateway/io/socket_address.hpp"
#include "gateway/io/system.hpp"

namespace mpsec::gateway {

enum class SocketKind : std::uint8_t {
  ike,    // UDP: IKE messages
  nat,    // UDP: ESP, and IKE behind the non-ESP marker
  esp,    // raw, protocol 50; all raw packets from its address leave by it
  ah,     // raw, protocol 51; receives only
  clear,  // raw, any protocol, of one family; sends only
};

constexpr bool is_udp(SocketKind kind) {
  return kind == SocketKind::ike || kind == SocketKind::nat;
}

struct OutsideSocket {
  FileDescriptor descriptor{};
  SocketKind kind{};
  Endpoint bound{};                       // port 0: raw
  bool any = false;                       // bound to no single address: each datagram names its source
  unsigned interface = 0;                 // index, for link-local addresses; 0: none
  bool segments = false;                  // the kernel cuts rows of datagrams that we send
  bool joins = false;                     // and gives us such rows
  std::unique_ptr<std::mutex> sending{};  // held by who sends, where there are several threads
  bool may_fragment = true;  // what the kernel does with a UDP datagram that is too big, as last set

  // Makes the kernel cut large datagrams, with DF clear, or refuse them, with DF set. Raw packets have their
  // own DF.
  void let_fragment(bool allowed) noexcept;
};

// Opens, sets and binds a socket of one listen address. Fails with a remedy.
Result<OutsideSocket> open_socket(const ListenAddress& listen, SocketKind kind,
                                  const OutsideOptions& options);

}  // namespace mpsec::gateway
