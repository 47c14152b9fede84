#include "steer/work/comparing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <optional>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json_fields.h"
#include "steer/core/notice.h"
#include "steer/core/options.h"
#include "steer/modalities/modalities.h"
#include "steer/picture/images.h"
#include "steer/work/journal.h"
#include "steer/work/pictures.h"
#include "steer/work/samples.h"
#include "steer/work/trials.h"
#include "steer/work/yardstick_opening.h"

namespace steer {
namespace {

constexpr int64_t kPictured = 20;  // samples of a picture, side by side

std::string file_name(const std::string& text) {
  std::string name;
  for (const char c : text) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

// A method's settings in words, strengths included.
std::string setting_text(const Made& made) {
  std::string text = made.text;
  const Json& settings = made.settings;
  if (!settings.contains("guidance")) return text;
  GuidanceOptions guidance;
  read_options(guidance, settings["guidance"], "guidance");
  const ClimbOptions& c = guidance.climb;
  if (climbs(c)) text += fmt::format("; rho {:.4g}, mu {:.4g}, sigma {:.4g}", c.rho, c.mu, c.sigma);
  if (c.recurrence > 1) text += fmt::format(", recurrence {}", c.recurrence);
  if (guidance.population.method != "none")
    text += fmt::format("; temperature {:g}", guidance.population.temperature);
  return text;
}

std::string figure_text(const Json& figures, const std::string& column) {
  if (!figures.contains(column) || !figures[column].is_number()) return "";
  const double value = figures[column].get<double>();
  if (column == "accuracy") return fmt::format("{:.1f} %", 100 * value);
  if (column == "psnr") return fmt::format("{:.2f} dB", value);
  if (column == "evaluations") return value > 0 ? fmt::format("{:.0f}", value) : "1 pass";
  return std::abs(value) < 100 ? fmt::format("{:.3g}", value) : fmt::format("{:.0f}", value);
}

// Whether more or less of it tells what is good; diversity and costs do not.
bool tells_good(const std::string& column) {
  return column != "seconds" && column != "evaluations" && column != "diversity";
}

// Whether no row has a better figure.
bool is_best(const ComparedTable& table, const ComparedRow& row, const std::string& column) {
  if (!tells_good(column) || !row.figures.contains(column) || !row.figures[column].is_number()) return false;
  const double sign = higher_is_better(column) ? 1 : -1, mine = sign * row.figures[column].get<double>();
  return std::none_of(table.rows.begin(), table.rows.end(), [&](const ComparedRow& other) {
    const Json value = other.figures.value(column, Json());
    return value.is_number() && sign * value.get<double>() > mine;
  });
}

// What a row's picture shows, how good it is by every metric, and what it cost.
std::string caption_of(const ComparedTable& table, const ComparedRow& row) {
  std::string caption = "**" + row.run + ", " + row.method + "**";
  for (const std::string& column : table.columns) {
    const std::string value = figure_text(row.figures, column);
    if (value.empty() || (column == "evaluations" && value == "1 pass")) continue;
    caption += (caption.back() == '*' ? ": " : ", ") + column + " " + value;
    if (is_best(table, row, column)) caption += " (**best**)";
  }
  return caption;
}

ReportSection section_of(const ComparedTable& table) {
  ReportSection section;
  section.heading = table.name, section.code = table.objective, section.text = table.note;
  section.table = table_of(table);
  section.pictures = table.given;
  for (const ComparedRow& row : table.rows)
    if (!row.picture.empty()) section.pictures.push_back({row.picture, caption_of(table, row)});
  return section;
}

// One task on its way: what is asked, how it is measured.
struct OpenTask {
  const ComparedTask& entry;
  std::string stem;  // of its files
  Yardsticks yardsticks;
  Tensor truth;
  Task task;
  std::vector<std::string> metrics;
};

class Comparing {
 public:
  Comparing(const std::vector<Contestant>& contestants, const ComparingOptions& options, torch::Device device,
            const WorkWatch& watch)
      : contestants_(contestants), options_(options), plan_(options.plan), device_(device), watch_(watch) {
    STEER_CHECK(!contestants.empty(), "[compare] expected at least one model");
    for (const Contestant& contestant : contestants) {
      generators_.push_back(&as_generator(contestant.loaded, "compare"));
      const Space space = generators_.back()->space();
      if (generators_.size() == 1) space_ = space;
      STEER_CHECK(space == space_, "[compare] expected models of the same samples but ", contestants[0].name,
                  " makes ", text_of(space_), " and ", contestant.name, " ", text_of(space));
      fingerprints_.push_back(std::to_string(weight_fingerprint(contestant.loaded.model->module())));
    }
    std::filesystem::create_directories(options.out);
    journal_.emplace(JournalOptions{options.out + "/results.jsonl", "compare", Json(), {}});
  }

  Compared run() {
    Compared compared;
    compared.figures = Json::array();
    Report report;
    report.title = "Comparison of guidance";
    report.intro =
        "The same tasks by several models and ways of guidance, on the same seeds. The best figure of a "
        "column is marked; below each table are the first samples of every way, sample i always with the "
        "same seed.";
    for (size_t t = 0; t < plan_.tasks.size() && !stopped_; ++t) {
      const ComparedTable table = run_task(t);
      if (stopped_) break;
      for (const ComparedRow& row : table.rows)
        compared.figures.push_back({{"task", table.name},
                                    {"run", row.run},
                                    {"method", row.method},
                                    {"setting", row.setting},
                                    {"figures", row.figures}});
      compared.tables.push_back(table);
      report.sections.push_back(section_of(table));
      for (ReportPicture& picture : report.sections.back().pictures)
        picture.path = options_.out + "/" + picture.path;
      compared.page = write_report(report, options_.out);
    }
    compared.interrupted = stopped_;
    if (!stopped_) write_file(options_.out + "/figures.json", json_text(compared.figures, 2) + "\n");
    return compared;
  }

 private:
  Tensor truth_of(const ComparedTask& entry, const std::string& split, int64_t count) const {
    if (entry.data.empty()) return {};
    return load_samples(entry.data, split, entry.fit, space_, count).state.x;
  }

  static TaskOptions task_options(const ComparedTask& entry, int64_t count, uint64_t seed) {
    TaskOptions options;
    options.objective = entry.objective, options.count = count, options.batch = entry.batch;
    options.seed = seed, options.fit = entry.fit;
    return options;
  }

  OpenTask open_task(size_t t) const {
    const ComparedTask& entry = plan_.tasks[t];
    YardstickOptions with;
    with.judge = entry.judge, with.features = entry.features, with.reference = entry.reference;
    with.same_judge = entry.same_judge;
    Yardsticks yardsticks = open_yardsticks(with, entry.objective, space_, device_);
    const Tensor truth = truth_of(entry, entry.split, entry.count);
    Task task(task_options(entry, entry.count, options_.seed), space_, truth, device_);
    const std::vector<std::string> metrics = measurable(task, yardsticks);
    return {entry, fmt::format("task{}", t + 1), std::move(yardsticks), truth, std::move(task), metrics};
  }

  std::string note_of(const OpenTask& open) const {
    std::string note =
        fmt::format("{} samples for each method, seeds from {}", open.task.count(), options_.seed);
    if (!open.entry.judge.empty()) note += "; judged by " + open.entry.judge;
    if (plan_.search == 0) return note + "; strengths as set, not searched.";
    note += fmt::format(
        "; strengths of methods with a gradient searched with {} trials of {} samples on other "
        "seeds",
        plan_.search, plan_.search_samples);
    return note + (open.truth.defined() ? " and training " + modality_of(space_).plural + "." : ".");
  }

  ComparedTable run_task(size_t t) {
    const OpenTask open = open_task(t);
    ComparedTable table;
    table.name = open.entry.name, table.objective = open.task.words(), table.note = note_of(open);
    table.columns = open.metrics;
    table.columns.insert(table.columns.end(), {"seconds", "evaluations"});
    if (open.task.degraded().defined()) {
      write_samples(open.stem + "_given.png", within(space_, open.task.degraded()));
      table.given.push_back({open.stem + "_given.png", "**given**: what the objective is made from"});
    }
    if (open.truth.defined()) {
      write_samples(open.stem + "_truth.png", open.truth);
      table.given.push_back({open.stem + "_truth.png", "**truth**: what the answers are measured against"});
    }
    for (size_t c = 0; c < contestants_.size(); ++c)
      for (const ComparedMethod& method : plan_.methods)
        if (!stopped_ && suits(method, *generators_[c], open.task))
          if (const auto row = row_of(open, c, method)) table.rows.push_back(*row);
    return table;
  }

  static bool suits(const ComparedMethod& method, const Generator& generator, const Task& task) {
    const bool for_linear = method.settings.value("method", Json()) == "pigdm";
    return runs_with(method, generator) && !(for_linear && task.objective().linear().empty());
  }

  // What the journal holds, else what is made now; nothing where it was stopped.
  std::optional<ComparedRow> row_of(const OpenTask& open, size_t c, const ComparedMethod& method) {
    const Json key = {{"task", options_json(open.entry)},
                      {"seed", options_.seed},
                      {"run", contestants_[c].name},
                      {"model", fingerprints_[c]},
                      {"method", method.name},
                      {"as", method.json},
                      {"search", {plan_.search, plan_.search_samples}}};
    if (!journal_->find(key)) {
      const Json result = made_of(open, c, method);
      if (stopped_) return std::nullopt;
      journal_->add(key, result);
    }
    const Json& known = *journal_->find(key);
    const std::string& where = journal_->path();
    const std::string refused = field_or<std::string>(known, "refused", "", where);
    ComparedRow row;
    row.run = contestants_[c].name, row.method = method.name;
    row.failed = !refused.empty(), row.picture = kept_picture(known);
    row.setting = row.failed ? refused : field_or<std::string>(known, "setting", "", where);
    row.figures = object_field(known, "figures", where);
    return row;
  }

  // The picture of a result made before; none where it is gone.
  std::string kept_picture(const Json& known) const {
    const std::string file = field_or<std::string>(known, "picture", "", journal_->path());
    return std::filesystem::is_regular_file(options_.out + "/" + file) ? file : "";
  }

  // A result for the journal: figures, setting, picture, or why it failed.
  Json made_of(const OpenTask& open, size_t c, const ComparedMethod& method) {
    const Generator& generator = *generators_[c];
    const std::string title = contestants_[c].name + " " + method.name;
    Json result = {{"figures", Json::object()}, {"setting", ""}, {"picture", ""}, {"refused", ""}};
    try {
      const Objective& objective = open.task.objective();
      Attempt attempt{settings_for(method, generator, objective), method.guided, open.metrics, title};
      if (plan_.search > 0 && method.searched) attempt.settings = searched(open, c, method, attempt.settings);
      if (stopped_) return result;
      const Tried made = tried(generator, open.task, open.yardsticks, attempt, watch_);
      stopped_ = made.stopped;
      result["refused"] = made.failed;
      if (stopped_ || !made.failed.empty()) return result;
      result["figures"] = made.figures;
      if (attempt.guided) result["check"] = checked(open.task, generator, made.made, title);
      result["figures"]["seconds"] = made.made.seconds / static_cast<double>(open.task.count());
      result["setting"] = setting_text(made.made);
      const std::string file =
          fmt::format("{}_{}_{}.png", open.stem, file_name(contestants_[c].name), file_name(method.name));
      write_samples(file, made.made.state);
      result["picture"] = file;
    } catch (const Error& error) {
      result["refused"] = error.what();
    }
    return result;
  }

  // The settings with the strengths that do best on other seeds and training samples, so that nothing is
  // selected on what is reported; as they are where there is no gradient.
  Json searched(const OpenTask& open, size_t c, const ComparedMethod& method, const Json& settings) {
    constexpr uint64_t kFresh = 2000000;
    if (!settings.contains("guidance")) return settings;
    GuidanceOptions guidance;
    read_options(guidance, settings["guidance"], "guidance");
    if (!climbs(guidance.climb)) return settings;
    const ComparedTask& entry = open.entry;
    StrengthOptions strengths;
    strengths.settings = settings;
    strengths.method = method_for(method.settings.value("method", kAuto), open.task.objective(), space_);
    strengths.knobs = suited_knobs(strengths.method, open.truth.defined());
    strengths.metric =
        entry.metric.empty() ? suited_metric(open.yardsticks, open.truth.defined()) : entry.metric;
    strengths.search.samples = plan_.search_samples;
    strengths.search.budget = plan_.search * plan_.search_samples;
    strengths.search.sweeps = 1000;
    strengths.seed = options_.seed + kFresh;
    strengths.title = fmt::format("search {} {}", contestants_[c].name, method.name);
    TasksBySize tasks(task_options(entry, plan_.search_samples, strengths.seed), space_,
                      truth_of(entry, "train", plan_.search_samples), device_);
    const SearchResult found =
        search_strengths(*generators_[c], tasks, open.yardsticks, strengths, nullptr, watch_);
    stopped_ = found.interrupted;
    if (stopped_) return settings;
    STEER_CHECK(found.best >= 0, "[compare] ", strengths.title, ": no strength that was tried works");
    return settings_at(strengths, found.trials[static_cast<size_t>(found.best)].values);
  }

  // A notice where unguided samples score better.
  static Json checked(const Task& task, const Generator& generator, const Made& made,
                      const std::string& title) {
    const Beside beside = task.beside(generator, made);
    if (beside.worse()) notice(title + ": " + worse_text(beside, task.words()));
    return beside_json(beside);
  }

  void write_samples(const std::string& file, const State& samples) const {
    const State some = samples.narrow(0, std::min(kPictured, samples.size()));
    write_png(options_.out + "/" + file, picture_of(space_, some, kPictured));
  }

  const std::vector<Contestant>& contestants_;
  const ComparingOptions& options_;
  const ComparisonPlan& plan_;
  torch::Device device_;
  const WorkWatch& watch_;
  Space space_;
  std::vector<const Generator*> generators_;
  std::vector<std::string> fingerprints_;
  std::optional<Journal> journal_;
  bool stopped_ = false;
};

}  // namespace

Compared compare(const std::vector<Contestant>& contestants, const ComparingOptions& options,
                 torch::Device device, const WorkWatch& watch) {
  return Comparing(contestants, options, device, watch).run();
}

ReportTable table_of(const ComparedTable& compared) {
  ReportTable table;
  table.columns = {"run", "method"};
  table.columns.insert(table.columns.end(), compared.columns.begin(), compared.columns.end());
  table.columns.push_back("setting");
  for (const ComparedRow& row : compared.rows) {
    std::vector<ReportCell> cells = {{row.run}, {row.method}};
    for (const std::string& column : compared.columns)
      cells.push_back({figure_text(row.figures, column), is_best(compared, row, column)});
    cells.push_back({row.setting, false, true});
    table.rows.push_back(cells);
  }
  return table;
}

}  // namespace steer
