// For tests: counts the moments at which the host would wait for a device.
#pragma once

#include <ATen/record_function.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>

namespace steer {

// While it lives, counts the operations whose result the host must see: reading a scalar, comparing whole
// tensors, and those whose result has a size that depends on values. On a CUDA device each waits for all that
// was asked before; on the processor they are counted just the same. One at a time.
class HostReads {
 public:
  HostReads() {
    count() = 0;
    handle_ = at::addGlobalCallback(at::RecordFunctionCallback([](const at::RecordFunction& fn) {
                                      static const std::set<std::string> reads = {"aten::_local_scalar_dense",
                                                                                  "aten::equal",
                                                                                  "aten::nonzero",
                                                                                  "aten::_unique",
                                                                                  "aten::_unique2",
                                                                                  "aten::unique_dim",
                                                                                  "aten::masked_select",
                                                                                  "aten::is_nonzero"};
                                      if (reads.count(fn.name())) ++count();
                                      return std::unique_ptr<at::ObserverContext>();
                                    }).scopes({at::RecordScope::FUNCTION}));
  }
  ~HostReads() { at::removeCallback(handle_); }
  HostReads(const HostReads&) = delete;
  HostReads& operator=(const HostReads&) = delete;

  int64_t seen() const { return count(); }

 private:
  static std::atomic<int64_t>& count() {
    static std::atomic<int64_t> value{0};
    return value;
  }
  at::CallbackHandle handle_;
};

}  // namespace steer
