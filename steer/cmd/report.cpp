#include "steer/cmd/report.h"

namespace steer {
namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

constexpr const char* kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>@</title>
<style>
:root { color-scheme: light dark; --line: #8884; --best: #2a7d4f; --soft: #666; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 96rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; }
code { font-size: .92em; } .note { color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; } td:nth-child(-n+3), th:nth-child(-n+3) { text-align: left; }
td.best { color: var(--best); font-weight: 700; } td.setting { color: var(--soft); white-space: normal; min-width: 14rem; font-size: .86em; }
figure { margin: .8rem 0; } figcaption { font-size: .9em; }
img { image-rendering: pixelated; width: min(100%, 66rem); background: #fff; border: 1px solid var(--line); }
@media (prefers-color-scheme: dark) { :root { --best: #6fd39b; --soft: #aaa; } }
</style></head><body>
)";

std::string with_title(const std::string& title) {
  std::string head = kHead;
  return head.replace(head.find("<title>@") + 7, 1, escaped(title));
}

std::string figure(const std::string& caption, const std::string& picture) {
  return "<figure><figcaption>" + escaped(caption) + "</figcaption><img loading=\"lazy\" src=\"" +
         escaped(picture) + "\" alt=\"" + escaped(caption) + "\"></figure>\n";
}

std::string task_html(const ReportTask& task) {
  std::string html = "<h2>" + escaped(task.name) + "</h2>\n<p><code>" + escaped(task.objective) +
                     "</code></p>\n<p class=\"note\">" + escaped(task.note) +
                     "</p>\n<div class=\"scroll\"><table><tr><th>run</th><th>method</th><th>setting</th>";
  for (const std::string& column : task.columns) html += "<th>" + escaped(column) + "</th>";
  html += "</tr>\n";
  for (const ReportRow& row : task.rows) {
    html += "<tr><td>" + escaped(row.run) + "</td><td>" + escaped(row.method) +
            "</td><td class=\"setting\">" + escaped(row.setting) + "</td>";
    for (size_t i = 0; i < row.cells.size(); ++i)
      html += (i < row.best.size() && row.best[i] ? "<td class=\"best\">" : "<td>") + escaped(row.cells[i]) +
              "</td>";
    html += "</tr>\n";
  }
  html += "</table></div>\n";
  for (const auto& [caption, picture] : task.given) html += figure(caption, picture);
  for (const ReportRow& row : task.rows)
    if (!row.picture.empty()) html += figure(row.run + ", " + row.method, row.picture);
  return html;
}

}  // namespace

std::string report_html(const std::string& title, const std::vector<ReportTask>& tasks) {
  std::string html = with_title(title) + "<h1>" + escaped(title) + "</h1>\n";
  for (const ReportTask& task : tasks) html += task_html(task);
  return html + "</body></html>\n";
}

}  // namespace steer
