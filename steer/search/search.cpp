#include "steer/search/search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/random.h"

namespace steer {
namespace {

using Place = std::vector<int64_t>;  // which of its values each knob has

// The trials so far, and how new ones are made.
class Trials {
 public:
  Trials(const std::vector<Knob>& knobs, const SearchOptions& options, const SearchHooks& hooks)
      : options_(options), hooks_(hooks) {
    for (const Knob& knob : knobs) grid_.push_back(knob.values());
  }

  const std::vector<std::vector<double>>& grid() const { return grid_; }
  bool ended() const { return ended_; }

  // The metric at a place, larger always better; a new trial unless it is known.
  double at(const Place& place, int64_t samples) {
    const auto known = index_.find({place, samples});
    if (known != index_.end()) return merit(result_.trials[static_cast<size_t>(known->second)]);
    std::vector<double> values;
    for (size_t k = 0; k < place.size(); ++k) values.push_back(grid_[k][static_cast<size_t>(place[k])]);
    for (const Trial& earlier : hooks_.known)
      if (earlier.samples == samples && close(earlier.values, values)) return keep(place, earlier);
    if (options_.budget > 0 && result_.samples + samples > options_.budget) ended_ = true;
    if (hooks_.stop && hooks_.stop()) ended_ = result_.interrupted = true;
    if (ended_) return -std::numeric_limits<double>::infinity();
    Trial made = hooks_.run(values, samples);
    made.values = values, made.samples = samples;
    const double value = keep(place, made);
    if (hooks_.made) hooks_.made(result_.trials.back());
    return value;
  }

  SearchResult result() {
    int64_t most = 0;
    for (const Trial& trial : result_.trials)
      if (std::isfinite(trial.metric)) most = std::max(most, trial.samples);
    double best = -std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < result_.trials.size(); ++i) {
      const Trial& trial = result_.trials[i];
      if (trial.samples != most || !std::isfinite(trial.metric) || merit(trial) <= best) continue;
      best = merit(trial), result_.best = static_cast<int64_t>(i);
    }
    return result_;
  }

 private:
  static bool close(const std::vector<double>& a, const std::vector<double>& b) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i)
      if (std::abs(a[i] - b[i]) > 1e-9 * std::abs(b[i])) return false;
    return true;
  }
  double merit(const Trial& trial) const {
    if (!std::isfinite(trial.metric)) return -std::numeric_limits<double>::infinity();
    return options_.higher_is_better ? trial.metric : -trial.metric;
  }
  double keep(const Place& place, const Trial& trial) {
    index_[{place, trial.samples}] = static_cast<int64_t>(result_.trials.size());
    result_.trials.push_back(trial);
    result_.samples += trial.samples;
    return merit(trial);
  }

  SearchOptions options_;
  const SearchHooks& hooks_;
  std::vector<std::vector<double>> grid_;
  std::map<std::pair<Place, int64_t>, int64_t> index_;
  SearchResult result_;
  bool ended_ = false;
};

// Places by merit, the best first; equals by their order.
void sort_by_merit(std::vector<std::pair<double, Place>>& places) {
  std::stable_sort(places.begin(), places.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
}

void double_up(Trials& trials, const SearchOptions& options) {
  const auto& grid = trials.grid();
  const Place start(grid.size(), 0);
  std::vector<std::pair<double, Place>> seen = {{trials.at(start, options.samples), start}};
  std::set<Place> tried = {start};
  for (int64_t sweep = 0; sweep < options.sweeps && !trials.ended(); ++sweep) {
    sort_by_merit(seen);
    std::vector<Place> children;
    for (size_t i = 0; i < seen.size() && static_cast<int64_t>(i) < options.keep; ++i)
      for (size_t k = 0; k < grid.size(); ++k) {
        Place child = seen[i].second;
        if (++child[k] < static_cast<int64_t>(grid[k].size()) && tried.insert(child).second)
          children.push_back(child);
      }
    if (children.empty()) return;
    for (const Place& child : children) {
      const double merit = trials.at(child, options.samples);
      if (trials.ended()) return;
      seen.push_back({merit, child});
    }
  }
}

void halve(Trials& trials, const SearchOptions& options) {
  const auto& grid = trials.grid();
  int64_t places = 1;
  for (const auto& values : grid) places *= static_cast<int64_t>(values.size());
  // Rungs of equal cost: `begin` settings at samples / 2^(rungs - 1), half as many at twice that, and so on.
  constexpr int64_t kBegin = 32;
  int64_t begin = std::min(places, kBegin), rungs = 1;
  while (begin >> rungs > 0 && options.samples >> rungs >= 4) ++rungs;
  if (options.budget > 0) {
    const int64_t first = std::max<int64_t>(options.samples >> (rungs - 1), 1);
    begin = std::clamp<int64_t>(options.budget / (rungs * first), 1, places);
  }
  const std::vector<int64_t> order = permutation(places, options.seed);
  std::vector<Place> running;
  for (int64_t i = 0; i < begin; ++i) {
    int64_t at = order[static_cast<size_t>(i)];
    Place place;
    for (const auto& values : grid) {
      const auto size = static_cast<int64_t>(values.size());
      place.push_back(at % size);
      at /= size;
    }
    running.push_back(place);
  }
  for (int64_t rung = rungs - 1; rung >= 0; --rung) {
    std::vector<std::pair<double, Place>> seen;
    for (const Place& place : running) {
      const double merit = trials.at(place, options.samples >> rung);
      if (trials.ended()) return;
      seen.push_back({merit, place});
    }
    sort_by_merit(seen);
    const size_t left = std::max<size_t>(running.size() / 2, 1);
    running.clear();
    for (size_t i = 0; i < left; ++i) running.push_back(seen[i].second);
  }
}

}  // namespace

std::vector<double> Knob::values() const {
  std::vector<double> all;
  for (double value = start; value <= cap * (1 + 1e-9); value *= factor) all.push_back(value);
  return all;
}

Knob parse_knob(const std::string& text) {
  const auto refuse = [&](bool fine) {
    STEER_CHECK(fine, "[search] ", in_quotes(text),
                ": expected NAME=START:FACTOR:CAP, as climb.rho=0.25:2:8, with 0 < START <= CAP and FACTOR "
                "above 1");
  };
  const size_t equals = text.find('='), first = text.find(':'), second = text.find(':', first + 1);
  refuse(equals != std::string::npos && equals > 0 && first != std::string::npos &&
         second != std::string::npos && equals < first);
  const auto number = [&](size_t begin, size_t end) {
    const std::string part = text.substr(begin, end == std::string::npos ? end : end - begin);
    size_t used = 0;
    double value = 0;
    try {
      value = std::stod(part, &used);
    } catch (const std::exception&) {
      refuse(false);
    }
    refuse(used == part.size() && std::isfinite(value));
    return value;
  };
  const Knob knob{text.substr(0, equals), number(equals + 1, first), number(first + 1, second),
                  number(second + 1, std::string::npos)};
  refuse(knob.start > 0 && knob.cap >= knob.start && knob.factor > 1);
  return knob;
}

SearchResult search(const std::vector<Knob>& knobs, const SearchOptions& options, const SearchHooks& hooks) {
  STEER_CHECK(!knobs.empty(), "[search] expected at least one setting to search");
  STEER_CHECK(options.method == "doubling" || options.method == "halving",
              "[search] expected the method doubling or halving but got ", options.method);
  STEER_CHECK(options.keep > 0 && options.sweeps >= 0 && options.samples > 0 && options.budget >= 0,
              "[search] expected keep and samples above 0 but got ", options.keep, " and ", options.samples);
  Trials trials(knobs, options, hooks);
  if (options.method == "doubling") {
    double_up(trials, options);
  } else {
    halve(trials, options);
  }
  const SearchResult result = trials.result();
  STEER_CHECK(result.interrupted || !result.trials.empty(),
              "[search] budget: expected at least the samples of one trial, which has ",
              options.method == "doubling" ? "" : "a share of ", options.samples, ", but got ",
              options.budget);
  return result;
}

}  // namespace steer
