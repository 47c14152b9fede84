// A comparison as a web page: for each task a table and a row of pictures for each method.
#pragma once

#include <string>
#include <vector>

namespace steer {

struct ReportRow {
  std::string run, method, setting;  // the setting in words
  std::vector<std::string> cells;    // one for each column
  std::string picture;               // a file beside the page; empty: none
  std::vector<bool> best;            // of each cell: whether it is the best of its column
};

struct ReportTask {
  std::string name, objective, note;
  std::vector<std::string> columns;
  std::vector<std::pair<std::string, std::string>> given;  // caption and picture: what was given, the truth
  std::vector<ReportRow> rows;
};

// The page, whole: no scripts, nothing loaded from elsewhere but the pictures.
std::string report_html(const std::string& title, const std::vector<ReportTask>& tasks);

}  // namespace steer
