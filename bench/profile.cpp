#include "bench/profile.h"

#include <ATen/record_function.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

#include "steer/core/clock.h"

namespace steer::bench {
namespace {

struct Running : at::ObserverContext {
  double start = now_seconds(), inside = 0;
};

thread_local std::vector<Running*> running;
std::mutex guard;
std::map<std::string, double> totals;

void ended(const at::RecordFunction& fn, at::ObserverContext* context) {
  const auto* self = static_cast<Running*>(context);
  const double whole = now_seconds() - self->start;
  running.pop_back();
  if (!running.empty()) running.back()->inside += whole;
  const std::lock_guard<std::mutex> lock(guard);
  totals[fn.name()] += whole - self->inside;
}

}  // namespace

std::vector<std::pair<std::string, double>> profile_of(const std::function<void()>& work) {
  totals.clear();
  const auto handle =
      at::addGlobalCallback(at::RecordFunctionCallback(
                                [](const at::RecordFunction&) {
                                  auto self = std::make_unique<Running>();
                                  running.push_back(self.get());
                                  return std::unique_ptr<at::ObserverContext>(std::move(self));
                                },
                                ended)
                                .scopes({at::RecordScope::FUNCTION}));
  const double start = now_seconds();
  work();
  double other = now_seconds() - start;
  at::removeCallback(handle);
  std::vector<std::pair<std::string, double>> sorted(totals.begin(), totals.end());
  for (const auto& [name, taken] : sorted) other -= taken;
  sorted.emplace_back("other", other);
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

}  // namespace steer::bench
