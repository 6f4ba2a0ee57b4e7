#include "gateway/control/control_session.hpp"

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/write.hpp>
#include <fmt/format.h>
#include <poll.h>

namespace mpsec::gateway {
namespace {

std::string error_line(std::string why) {
  return trace::to_line(
      {{"ok", false},
       {"error", trace::to_json(Error{Blame::local_fault, "control", std::nullopt, std::move(why), ""})}});
}

}  // namespace

void ControlSocket::Session::read() {
  if (reading_ || ended_ || leaving_ || waiting_octets_ > most_waiting_octets) return;
  reading_ = true;
  socket_.async_read_some(asio::buffer(chunk_),
                          [self = shared_from_this()](const asio::error_code& error, std::size_t size) {
                            self->reading_ = false;
                            if (self->owner_ == nullptr) return;
                            if (error) return self->on_end();
                            self->take({self->chunk_.data(), size});
                          });
}

void ControlSocket::Session::take(std::string_view octets) {
  received_ += octets;
  answer_lines();
  if (owner_ == nullptr) return;
  if (received_.size() > Requests::longest_line && received_.find('\n') == std::string::npos)
    return refuse(fmt::format("a line has no end within {} octets", Requests::longest_line));
  read();
}

// Requests that came while too much was waiting to be read are answered when that is gone.
void ControlSocket::Session::answer_lines() {
  if (answering_) return;
  answering_ = true;
  std::size_t begin = 0;
  while (owner_ != nullptr && !leaving_ && waiting_octets_ <= most_waiting_octets) {
    const std::size_t end = received_.find('\n', begin);
    if (end == std::string::npos) break;
    const std::string line = received_.substr(begin, end - begin);
    begin = end + 1;
    if (line.find_first_not_of(" \t\r") != std::string::npos) owner_->requests_.handle(line, *this);
  }
  received_.erase(0, begin);
  answering_ = false;
}

// Whoever has only closed its own half still gets its replies.
void ControlSocket::Session::on_end() {
  ended_ = true;
  pollfd state{socket_.native_handle(), POLLOUT, 0};
  if (::poll(&state, 1, 0) < 0 || (state.revents & (POLLHUP | POLLERR)) != 0) return close();
  if (!received_.empty() && received_.back() != '\n') received_ += '\n';
  answer_lines();
  leave_if_done();
}

void ControlSocket::Session::refuse(std::string why) {
  leaving_ = true;
  if (owner_ != nullptr) owner_->requests_.forget(*this);
  put(error_line(std::move(why)));
}

void ControlSocket::Session::close() {
  if (owner_ == nullptr) return;
  ControlSocket& owner = *std::exchange(owner_, nullptr);
  owner.requests_.forget(*this);
  asio::error_code ignored;
  socket_.close(ignored);
  owner.forget(*this);
}

void ControlSocket::Session::reply(std::string line) {
  if (!leaving_) put(std::move(line));
}

void ControlSocket::Session::event(std::string line) {
  if (leaving_) return;
  if (waiting_octets_ + line.size() <= most_waiting_octets) return put(std::move(line));
  // What is being written must be left whole; the rest makes room for the reason.
  while (lines_.size() > 1)
    lines_.pop_back();
  refuse(fmt::format("events came faster than they were read: {} octets waited, at most {} may",
                     waiting_octets_, most_waiting_octets));
}

void ControlSocket::Session::put(std::string line) {
  if (owner_ == nullptr) return;
  line += '\n';
  waiting_octets_ += line.size();
  lines_.push_back(std::move(line));
  if (lines_.size() == 1) write();
}

void ControlSocket::Session::write() {
  asio::async_write(socket_, asio::buffer(lines_.front()),
                    [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                      if (self->owner_ == nullptr) return;
                      if (error) return self->close();
                      self->waiting_octets_ -= std::min(self->waiting_octets_, self->lines_.front().size());
                      self->lines_.pop_front();
                      if (!self->lines_.empty()) return self->write();
                      self->answer_lines();
                      self->leave_if_done();
                      self->read();
                    });
}

void ControlSocket::Session::leave_if_done() {
  if (owner_ == nullptr || !lines_.empty()) return;
  if (leaving_ || (ended_ && !owner_->requests_.expects_more(*this))) close();
}

}  // namespace mpsec::gateway
