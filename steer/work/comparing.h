// The same tasks put to several models by several ways of guidance.
#pragma once

#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/models/models.h"
#include "steer/work/comparison_plan.h"
#include "steer/work/report.h"
#include "steer/work/watching.h"

namespace steer {

// A model and what the report calls it.
struct Contestant {
  std::string name;    // in tables
  LoadedModel loaded;  // one that samples
};

// What is compared, and where it is kept.
struct ComparingOptions {
  ComparisonPlan plan;         // tasks and methods
  std::string out = "report";  // a folder: index.html, its pictures, figures.json, and results.jsonl, with
                               // which an interrupted comparison goes on
  uint64_t seed = 0;           // of the first sample of every task
};

// What one model made of one task by one method.
struct ComparedRow {
  std::string run, method;  // names
  std::string setting;      // in words; where it failed, why
  bool failed = false;      // whether it did
  std::string picture;      // a file in the folder; empty where it failed
  Json figures;             // the table's columns by name, those that there are
};

// One task.
struct ComparedTable {
  std::string name, objective, note;  // what was asked, and how it was measured
  std::vector<std::string> columns;   // of figures: metrics, then seconds and evaluations of a sample
  std::vector<ReportPicture> given;   // files in the folder: what was given, the truth
  std::vector<ComparedRow> rows;      // models by methods
};

// All tasks.
struct Compared {
  std::vector<ComparedTable> tables;  // those that were finished
  Json figures;                       // of all rows, as figures.json
  std::string page;                   // the path of index.html
  bool interrupted = false;           // the watch ended it: what is done is kept, the same call goes on
};

// Compares. What cannot work is part of the answer, with its reason. Strengths are searched on other seeds,
// and on training samples, than those reported. Error for models that do not sample or not the same kind of
// sample, and as Task and open_yardsticks.
Compared compare(const std::vector<Contestant>& contestants, const ComparingOptions& options,
                 torch::Device device, const WorkWatch& watch = {});

// A table as the report shows it: run, method and figures, the best of each column marked, then the setting.
ReportTable table_of(const ComparedTable& compared);

}  // namespace steer
