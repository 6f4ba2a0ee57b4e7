// A request on its way: for requests.cpp and commands.cpp.
#pragma once

#include "gateway/control/requests.hpp"

namespace mpsec::gateway {

struct Requests::Call {
  Client& client;
  Json head;
  Members members;
  bool wait = false;
  Duration limit{};
};

struct Requests::Command {
  std::string name;
  Answer (Requests::*run)(Call&);
  bool may_wait = false;
};

}  // namespace mpsec::gateway
