#include "steer/work/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/sound/sound_files.h"

namespace steer {
namespace {

namespace fs = std::filesystem;

std::string html_escaped(const std::string& text) {
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
    } else if (c == '\'') {
      out += "&#39;";
    } else {
      out += c;
    }
  }
  return out;
}

// Puts a tag around what stands between two marks; a mark without a second stays as it is.
std::string tagged(const std::string& html, const std::string& mark, const std::string& tag) {
  std::string out;
  size_t at = 0;
  while (true) {
    const size_t begin = html.find(mark, at);
    const size_t end = begin == std::string::npos ? begin : html.find(mark, begin + mark.size());
    if (end == std::string::npos) return out + html.substr(at);
    out += html.substr(at, begin - at) + "<" + tag + ">" +
           html.substr(begin + mark.size(), end - begin - mark.size()) + "</" + tag + ">";
    at = end + mark.size();
  }
}

std::string html_inline(const std::string& text) {
  return tagged(tagged(html_escaped(text), "`", "code"), "**", "b");
}

// Paragraphs, an empty line between two in the text.
std::string html_paragraphs(const std::string& text, const char* open = "<p>") {
  std::string html;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find("\n\n", at), text.size());
    if (end > at) html += open + html_inline(text.substr(at, end - at)) + "</p>\n";
    at = end + 2;
  }
  return html;
}

constexpr const char* kReportHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,
  initial-scale=1">
<meta name="generator" content="steer">
<title>@</title>
<style>
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --ink: #1d2330; --soft: #5d6675;
  --line: #dfe3ea; --code: #eef1f5;
  --best: #17714a; --glow: #e4f5ec; --accent: #3b5bdb; }
@media (prefers-color-scheme: dark) { :root { --page: #12151b; --card: #1a1f28; --ink: #e4e8ef;
  --soft: #98a2b3; --line: #2d3441;
  --code: #252c38; --best: #7ddcaa; --glow: #1b3a2d; --accent: #91a7ff; } }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; margin: 0;
  background: var(--page); color: var(--ink); }
main { max-width: 74rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 2rem; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 .6rem; }
h2 { font-size: 1.25rem; line-height: 1.3; letter-spacing: -.01em; margin: 0 0 .5rem; }
p { margin: 0 0 .8rem; max-width: 52rem; }
.intro { font-size: 1.06rem; color: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: 1.2rem 0 0; font-size: .92rem; }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 1.4rem 1.6rem; margin: 1.5rem 0; }
code, pre { font-family: ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; font-size: .88em;
  background: var(--code); border-radius: 5px; }
code { padding: .12em .35em; overflow-wrap: anywhere; }
pre { padding: .7rem .9rem; margin: 0 0 .9rem; white-space: pre-wrap; overflow-wrap: anywhere;
  border-radius: 8px; }
dl { display: flex; flex-wrap: wrap; gap: .6rem; margin: 0 0 1rem; }
dl div { background: var(--code); border-radius: 8px; padding: .4rem .8rem; }
dt { font-size: .8rem; color: var(--soft); } dd { margin: 0; font-size: 1.12rem; font-weight: 600;
  font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; margin: 0 0 1rem; }
table { border-collapse: collapse; font-size: .93rem; font-variant-numeric: tabular-nums; }
th, td { padding: .38rem .8rem; text-align: left; border-bottom: 1px solid var(--line);
  white-space: nowrap; vertical-align: baseline; }
th { font-weight: 600; color: var(--soft); font-size: .84rem; }
  th:first-child, td:first-child { padding-left: .2rem; }
.number { text-align: right; }
td.best { color: var(--best); background: var(--glow); font-weight: 700; }
td.aside { color: var(--soft); white-space: normal; min-width: 15rem; font-size: .86rem; }
figure { margin: 1.1rem 0 0; } figcaption { font-size: .92rem; color: var(--soft); margin: 0 0 .4rem;
  max-width: 60rem; }
figcaption b { color: var(--ink); }
img { image-rendering: pixelated; display: block; max-width: 100%; height: auto; border-radius: 6px;
  border: 1px solid var(--line); background: #fff; }
img.wide { width: 100%; image-rendering: auto; }
@media (max-width: 40rem) { main { padding: 1.2rem .7rem 2rem; } section { padding: 1rem .9rem;
  border-radius: 9px; } }
@media print { body { background: #fff; } section { break-inside: avoid; } nav { display: none; } }
</style></head><body><main>
)";

std::string head_html(const std::string& title) {
  std::string head = kReportHead;
  return head.replace(head.find("<title>@") + 7, 1, html_escaped(title));
}

// Width and height of a PNG or GIF; 0 for other files.
struct PictureSize {
  int64_t width = 0, height = 0;
};

PictureSize picture_size(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(24, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(file.gcount()));
  const auto at = [&](size_t place) {
    return static_cast<int64_t>(static_cast<unsigned char>(bytes[place]));
  };
  if (bytes.size() == 24 && bytes.compare(1, 3, "PNG") == 0)
    return {at(16) << 24 | at(17) << 16 | at(18) << 8 | at(19),
            at(20) << 24 | at(21) << 16 | at(22) << 8 | at(23)};
  if (bytes.size() >= 10 && bytes.compare(0, 3, "GIF") == 0) return {at(6) | at(7) << 8, at(8) | at(9) << 8};
  return {};
}

// As large as the page is wide and a screen is high, by a whole number so that pixels stay squares.
std::string size_html(const PictureSize& size) {
  constexpr int64_t kWidest = 1100, kHighest = 900, kMost = 12;
  if (size.width <= 0 || size.height <= 0) return " class=\"wide\"";
  if (size.width > kWidest) return fmt::format(" width=\"{}\" height=\"{}\"", size.width, size.height);
  const int64_t zoom = std::clamp<int64_t>(std::min(kWidest / size.width, kHighest / size.height), 1, kMost);
  return fmt::format(" width=\"{}\" height=\"{}\"", zoom * size.width, zoom * size.height);
}

// A path in a link: what has a meaning there is written by its number.
std::string link_escaped(const std::string& path) {
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        byte > 0x20 && byte < 0x7f && std::string("\"#%&'<>?[]^`{|}:\\").find(c) == std::string::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

std::string picture_html(const ReportPicture& picture, const std::string& folder) {
  const std::string link = link_escaped(picture.path);
  std::string html = "<figure>";
  if (!picture.caption.empty()) html += "<figcaption>" + html_inline(picture.caption) + "</figcaption>";
  if (is_sound_name(picture.path))
    return html + "<audio controls preload=\"none\" src=\"" + link + "\"></audio></figure>\n";
  return html + "<a href=\"" + link + "\"><img loading=\"lazy\" src=\"" + link + "\" alt=\"" +
         html_escaped(picture.caption.empty() ? picture.path : picture.caption) + "\"" +
         size_html(picture_size((fs::path(folder) / picture.path).string())) + "></a></figure>\n";
}

// Whether a text is a number, perhaps with a unit behind it: such cells stand to the right.
bool is_figure(const std::string& text) {
  return !text.empty() && (std::isdigit(static_cast<unsigned char>(text[0])) ||
                           ((text[0] == '-' || text[0] == '+' || text[0] == '.') && text.size() > 1 &&
                            (std::isdigit(static_cast<unsigned char>(text[1])) || text[1] == '.')));
}

// Whether a column holds figures alone.
bool holds_figures(const ReportTable& table, size_t column) {
  bool any = false;
  for (const auto& row : table.rows) {
    if (column >= row.size() || row[column].text.empty()) continue;
    if (row[column].aside || !is_figure(row[column].text)) return false;
    any = true;
  }
  return any;
}

std::string table_html(const ReportTable& table) {
  if (table.columns.empty() && table.rows.empty()) return "";
  std::string html = "<div class=\"scroll\"><table><thead><tr>";
  std::vector<bool> figures;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    figures.push_back(holds_figures(table, c));
    html += (figures[c] ? "<th class=\"number\">" : "<th>") + html_escaped(table.columns[c]) + "</th>";
  }
  html += "</tr></thead><tbody>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (size_t c = 0; c < row.size(); ++c) {
      std::string words = row[c].aside ? "aside" : c < figures.size() && figures[c] ? "number" : "";
      if (row[c].best) words += words.empty() ? "best" : " best";
      html += (words.empty() ? "<td>" : "<td class=\"" + words + "\">") + html_escaped(row[c].text) + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string section_html(const ReportSection& section, size_t number, const std::string& folder) {
  std::string html = fmt::format("<section id=\"s{}\">\n", number);
  if (!section.heading.empty()) html += "<h2>" + html_escaped(section.heading) + "</h2>\n";
  html += html_paragraphs(section.text);
  if (!section.code.empty()) html += "<pre>" + html_escaped(section.code) + "</pre>\n";
  if (!section.figures.empty()) {
    html += "<dl>";
    for (const auto& [label, value] : section.figures)
      html += "<div><dt>" + html_escaped(label) + "</dt><dd>" + html_escaped(value) + "</dd></div>";
    html += "</dl>\n";
  }
  html += table_html(section.table);
  for (const ReportPicture& picture : section.pictures) html += picture_html(picture, folder);
  return html + "</section>\n";
}

// The path from the folder to a file under it; empty for others.
std::string path_under(const std::string& folder, const std::string& file) {
  const fs::path relative =
      fs::weakly_canonical(file).lexically_relative(fs::weakly_canonical(fs::absolute(folder)));
  return relative.empty() || *relative.begin() == ".." ? "" : relative.generic_string();
}

}  // namespace

std::string report_html(const Report& report, const std::string& folder) {
  std::string html = head_html(report.title);
  html +=
      "<h1>" + html_escaped(report.title) + "</h1>\n" + html_paragraphs(report.intro, "<p class=\"intro\">");
  // Few sections are seen at a glance.
  constexpr size_t kFew = 3;
  if (report.sections.size() > kFew) {
    html += "<nav>";
    for (size_t i = 0; i < report.sections.size(); ++i)
      if (!report.sections[i].heading.empty())
        html += fmt::format("<a href=\"#s{}\">{}</a>", i + 1, html_escaped(report.sections[i].heading));
    html += "</nav>\n";
  }
  for (size_t i = 0; i < report.sections.size(); ++i) html += section_html(report.sections[i], i + 1, folder);
  return html + "</main></body></html>\n";
}

bool is_report(const std::string& html) {
  // Pages of former versions do not say who made them; their colours do.
  return html.find("<meta name=\"generator\" content=\"steer\">") != std::string::npos ||
         html.find("--best: #17714a; --glow: #e4f5ec; --accent: #3b5bdb;") != std::string::npos;
}

std::string write_report(const Report& report, const std::string& folder) {
  fs::create_directories(folder);
  Report placed = report;
  std::set<std::string> taken;
  for (const ReportSection& section : report.sections)
    for (const ReportPicture& picture : section.pictures) taken.insert(path_under(folder, picture.path));
  for (ReportSection& section : placed.sections) {
    for (ReportPicture& picture : section.pictures) {
      STEER_CHECK(fs::is_regular_file(picture.path), "[report] ", picture.path,
                  ": expected a picture but there is none");
      const std::string inside = path_under(folder, picture.path);
      if (!inside.empty()) {
        picture.path = inside;
        continue;
      }
      const fs::path file(picture.path);
      std::string name = file.filename().string();
      const std::string bytes = read_file(picture.path);
      // Neither another picture of the page nor a file that stood there gives way.
      const auto free = [&] {
        const std::string place = (fs::path(folder) / name).string();
        return taken.insert(name).second && (!fs::exists(place) || read_file(place) == bytes);
      };
      for (int64_t n = 2; !free(); ++n)
        name = fmt::format("{}_{}{}", file.stem().string(), n, file.extension().string());
      write_file((fs::path(folder) / name).string(), bytes);
      picture.path = name;
    }
  }
  const std::string page = (fs::path(folder) / "index.html").string();
  write_file(page, report_html(placed, folder));
  return page;
}

}  // namespace steer
