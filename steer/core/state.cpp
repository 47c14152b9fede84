#include "steer/core/state.h"

#include "steer/core/check.h"

namespace steer {
namespace {

// f of a tensor that may be undefined.
template <class F>
Tensor where_defined(const Tensor& tensor, const F& f) {
  return tensor.defined() ? f(tensor) : tensor;
}

template <class F>
State each_member(const State& state, const F& f) {
  State made;
  made.x = where_defined(state.x, f);
  made.token = where_defined(state.token, f);
  made.mask = where_defined(state.mask, f);
  return made;
}

template <class F>
Told each_member(const Told& told, const F& f) {
  return {where_defined(told.label, f), each_member(told.given, f), where_defined(told.value, f)};
}

Tensor joined_member(const std::vector<State>& states, Tensor State::*member) {
  std::vector<Tensor> parts;
  for (const State& state : states)
    if ((state.*member).defined()) parts.push_back(state.*member);
  if (parts.empty()) return {};
  STEER_CHECK(parts.size() == states.size(), "[state] expected states of the same members to join");
  return at::cat(parts);
}

auto rows_of(const Tensor& index) {
  return [index](const Tensor& t) { return t.index_select(0, index.to(t.device())); };
}
auto part_of(int64_t at, int64_t count) {
  return [at, count](const Tensor& t) { return t.narrow(0, at, count); };
}
auto moved_to(torch::Device device) {
  return [device](const Tensor& t) { return t.to(device); };
}

}  // namespace

int64_t State::size() const {
  return x.defined() ? x.size(0) : token.defined() ? token.size(0) : 0;
}

State State::rows(const Tensor& index) const {
  return each_member(*this, rows_of(index));
}

State State::narrow(int64_t at, int64_t count) const {
  return each_member(*this, part_of(at, count));
}

State State::to(torch::Device device) const {
  return each_member(*this, moved_to(device));
}

State concatenated(const std::vector<State>& states) {
  State made;
  for (Tensor State::*member : {&State::x, &State::token, &State::mask})
    made.*member = joined_member(states, member);
  return made;
}

Told Told::rows(const Tensor& index) const {
  return each_member(*this, rows_of(index));
}

Told Told::narrow(int64_t at, int64_t count) const {
  return each_member(*this, part_of(at, count));
}

Told Told::to(torch::Device device) const {
  return each_member(*this, moved_to(device));
}

}  // namespace steer
