// Reports: web pages of sections with text, pictures shown large, tables and figures.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace steer {

// Texts below are plain; in `intro`, `text` and captions `words between backticks` are code, **these** are
// bold, and an empty line begins a paragraph.

// A picture: PNG, JPEG, GIF, WebP or SVG; or a sound (sound_files.h), which gets a player.
struct ReportPicture {
  std::string path;     // its file; of report_html as the page names it
  std::string caption;  // what it shows, what is good about it and what is not
};

// A cell of a table.
struct ReportCell {
  std::string text;    // shown
  bool best = false;   // the best of its column, which is marked
  bool aside = false;  // of less weight, wrapped where it is long: a setting, a reason
};

// A table; every row has as many cells as there are columns, or fewer.
struct ReportTable {
  std::vector<std::string> columns;           // their heads
  std::vector<std::vector<ReportCell>> rows;  // from the top
};

// What belongs together under one heading. What is empty is not shown.
struct ReportSection {
  std::string heading, text;  // above all else
  std::string code;           // a command line, or other words that may be copied
  std::vector<std::pair<std::string, std::string>> figures;  // label and value
  ReportTable table;                                         // above the pictures
  std::vector<ReportPicture> pictures;                       // in this order
};

// A page.
struct Report {
  std::string title, intro;             // at its top
  std::vector<ReportSection> sections;  // in this order
};

// What a JSON file describes; paths in it are relative to its folder.
//
//   {"title": "...", "intro": "...", "sections": [
//     {"heading": "...", "text": "...", "code": "steer sample run -n 48",
//      "picture": "samples.png", "caption": "..."        one, or several:
//      "pictures": [{"path": "a.png", "caption": "..."}, "b.png"],
//      "table": [["way", "psnr"], ["guided", 21.5], ["bicubic", {"text": "20.1", "best": true}]],
//                                                        a cell may also be a figure of a file:
//                                                        {"file": "x.json", "at": "guided.psnr", "digits": 1}
//      "best": {"psnr": "highest"},                      or lowest: marks it in a column of numbers
//      "figures": {"file": "x.json", "show": {           one, or a list of such:
//        "PSNR": {"at": "guided.psnr", "unit": " dB", "digits": 1, "scale": 1}, "images": "count"}}}]}
//
// A figure is found by the keys on the way to it, with dots between; a list takes numbers from 0. Numbers are
// shown with `digits` behind the point (default: four digits in all). Error, naming file and place, for
// unknown keys, wrong types, and figures and pictures that are not there.
Report read_report(const std::string& path);

// The page as HTML, whole: no scripts, nothing is loaded but the pictures. PNG and GIF pictures whose files
// are found under `folder` are shown enlarged by whole numbers, pixel by pixel, as large as the page is wide.
std::string report_html(const Report& report, const std::string& folder);

// Writes FOLDER/index.html. Pictures under the folder stay where they are; others are copied into it, under
// names of their own where two would be one. Error where a picture is missing. Gives the path of the page.
std::string write_report(const Report& report, const std::string& folder);

// Whether a page is one of these.
bool is_report(const std::string& html);

}  // namespace steer
