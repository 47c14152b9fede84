#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/work/report.h"

namespace steer {
namespace {

// Where a value stands, for messages.
struct ReportPlace {
  std::string file;  // the description
  std::string name;  // "sections.2.figures"

  ReportPlace at(const std::string& key) const { return {file, name.empty() ? key : name + "." + key}; }
  std::string text() const { return name.empty() ? file : file + ": " + name; }
  // A file that the description names.
  std::string path(const std::string& relative) const {
    return (std::filesystem::path(file).parent_path() / relative).string();
  }
};

void check_keys(const Json& json, const std::vector<std::string>& known, const ReportPlace& place) {
  STEER_CHECK(json.is_object(), "[report] ", place.text(), ": expected an object but got ",
              in_quotes(json_text(json)));
  for (const auto& [key, value] : json.items())
    STEER_CHECK(among(key, known), "[report] ", place.text(), ": unknown key ", key,
                did_you_mean(key, known));
}

std::string text_at(const Json& json, const std::string& key, const ReportPlace& place) {
  const Json value = json.value(key, Json(""));
  STEER_CHECK(value.is_string(), "[report] ", place.at(key).text(), ": expected a text but got ",
              in_quotes(json_text(value)));
  return value.get<std::string>();
}

// A list of what may also stand alone; nothing where the key is missing.
std::vector<Json> list_at(const Json& json, const std::string& key) {
  if (!json.contains(key)) return {};
  if (!json[key].is_array()) return {json[key]};
  return {json[key].begin(), json[key].end()};
}

std::string number_text(double value, int64_t digits) {
  return digits < 0 ? fmt::format("{:.4g}", value) : fmt::format("{:.{}f}", value, static_cast<int>(digits));
}

std::string plain_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  const std::string text = json_text(value);
  constexpr size_t kShort = 6;
  return value.is_number_float() && text.size() > kShort ? number_text(value.get<double>(), -1) : text;
}

// The value at the end of a way of keys with dots between.
const Json& value_on_way(const Json& json, const std::string& way, const std::string& file,
                         const ReportPlace& place) {
  const Json* at = &json;
  for (size_t begin = 0; begin <= way.size();) {
    const size_t end = std::min(way.find('.', begin), way.size());
    const std::string key = way.substr(begin, end - begin);
    const bool number = !key.empty() && key.size() < 10 && key.find_first_not_of("0123456789") == key.npos;
    if (at->is_object() && at->contains(key)) {
      at = &(*at)[key];
    } else {
      STEER_CHECK(at->is_array() && number && std::stoull(key) < at->size(), "[report] ", place.text(),
                  ": expected a figure at ", way, " in ", file, " but there is no ",
                  key.empty() ? "such place" : key);
      at = &(*at)[std::stoull(key)];
    }
    begin = end + 1;
  }
  return *at;
}

// A figure out of a file of results.
struct FoundFigure {
  Json value;
  std::string text;  // as it is shown
};

// How it is found and shown: a way, or an object with it.
FoundFigure figure_at(const Json& json, const Json& shown, const std::string& file,
                      const ReportPlace& place) {
  struct Shown {
    std::string at, unit;
    int64_t digits = -1;
    double scale = 1;
    void fields(OptionFields& f) {
      f("at", at, "keys on the way to it");
      f("unit", unit, "text behind it");
      f("digits", digits, "behind the point; below 0: four in all", from_to(-1, 20));
      f("scale", scale, "it is multiplied by");
    }
  } how;
  if (shown.is_string())
    how.at = shown.get<std::string>();
  else
    read_options(how, shown, place.text());
  const Json& value = value_on_way(json, how.at, file, place);
  const bool rounded = value.is_number() && (how.scale != 1 || how.digits >= 0);
  return {value, (rounded ? number_text(value.get<double>() * how.scale, how.digits) : plain_text(value)) +
                     how.unit};
}

void read_figures(ReportSection& section, const Json& json, const ReportPlace& place) {
  for (const Json& entry : list_at(json, "figures")) {
    check_keys(entry, {"file", "show"}, place);
    const std::string file = place.path(text_at(entry, "file", place));
    const Json figures = read_json_file(file);
    const Json show = entry.value("show", Json::object());
    STEER_CHECK(show.is_object(), "[report] ", place.at("show").text(), ": expected {label: place}");
    for (const auto& [label, shown] : show.items())
      section.figures.push_back({label, figure_at(figures, shown, file, place.at(label)).text});
  }
}

void read_pictures(ReportSection& section, const Json& json, const ReportPlace& place) {
  if (json.contains("picture"))
    section.pictures.push_back(
        {place.path(text_at(json, "picture", place)), text_at(json, "caption", place)});
  for (const Json& entry : list_at(json, "pictures")) {
    if (entry.is_string()) {
      section.pictures.push_back({place.path(entry.get<std::string>()), ""});
      continue;
    }
    check_keys(entry, {"path", "caption"}, place.at("pictures"));
    section.pictures.push_back({place.path(text_at(entry, "path", place)), text_at(entry, "caption", place)});
  }
}

// A cell, and its value where that is a number.
struct ReadCell {
  ReportCell cell;
  Json value;
};

ReadCell read_cell(const Json& json, const ReportPlace& place) {
  if (!json.is_object()) return {{json.is_null() ? "" : plain_text(json)}, json};
  check_keys(json, {"text", "best", "aside", "file", "at", "unit", "digits", "scale"}, place);
  const auto flag = [&](const char* key) {
    const Json value = json.value(key, Json(false));
    STEER_CHECK(value.is_boolean(), "[report] ", place.at(key).text(), ": expected true or false");
    return value.get<bool>();
  };
  ReadCell read{{plain_text(json.value("text", Json(""))), flag("best"), flag("aside")},
                json.value("text", Json())};
  if (!json.contains("file")) return read;
  Json shown = json;
  for (const char* key : {"text", "best", "aside", "file"}) shown.erase(key);
  const std::string file = place.path(text_at(json, "file", place));
  const FoundFigure found = figure_at(read_json_file(file), shown, file, place);
  read.cell.text = found.text, read.value = found.value;
  return read;
}

// Marks the cells of a column whose number is the highest, or the lowest.
void mark_extreme(ReportTable& table, const std::vector<std::vector<Json>>& values, size_t column,
                  bool highest) {
  const auto number = [&](size_t row) {
    return column < values[row].size() && values[row][column].is_number();
  };
  const Json* best = nullptr;
  for (size_t r = 0; r < values.size(); ++r) {
    if (!number(r)) continue;
    const Json& mine = values[r][column];
    if (!best || (highest ? mine > *best : mine < *best)) best = &mine;
  }
  for (size_t r = 0; r < values.size(); ++r)
    if (number(r) && values[r][column] == *best) table.rows[r][column].best = true;
}

void read_table(ReportSection& section, const Json& json, const ReportPlace& place) {
  if (!json.contains("table")) return;
  std::vector<std::vector<Json>> values;
  bool head = true;
  for (const Json& row : list_at(json, "table")) {
    STEER_CHECK(row.is_array(), "[report] ", place.at("table").text(),
                ": expected rows, each a list of cells, but got ", in_quotes(json_text(row)));
    if (!head) section.table.rows.emplace_back(), values.emplace_back();
    for (const Json& entry : row) {
      const ReadCell cell = read_cell(entry, place.at("table"));
      if (head) {
        section.table.columns.push_back(cell.cell.text);
      } else {
        section.table.rows.back().push_back(cell.cell), values.back().push_back(cell.value);
      }
    }
    head = false;
  }
  const Json best = json.value("best", Json::object());
  check_keys(best, section.table.columns, place.at("best"));
  for (size_t c = 0; c < section.table.columns.size(); ++c) {
    if (!best.contains(section.table.columns[c])) continue;
    const Json& word = best[section.table.columns[c]];
    STEER_CHECK(word == "highest" || word == "lowest", "[report] ", place.at("best").text(),
                ": expected highest or lowest but got ", in_quotes(json_text(word)));
    mark_extreme(section.table, values, c, word == "highest");
  }
}

}  // namespace

Report read_report(const std::string& path) {
  const Json json = read_json_file(path);
  const ReportPlace file{path, ""};
  check_keys(json, {"title", "intro", "sections"}, file);
  Report report;
  report.title = text_at(json, "title", file), report.intro = text_at(json, "intro", file);
  STEER_CHECK(!report.title.empty(), "[report] ", path, ": expected a title");
  for (const Json& entry : list_at(json, "sections")) {
    const ReportPlace place = file.at(fmt::format("sections.{}", report.sections.size()));
    check_keys(entry,
               {"heading", "text", "code", "picture", "caption", "pictures", "table", "best", "figures"},
               place);
    ReportSection section;
    section.heading = text_at(entry, "heading", place), section.text = text_at(entry, "text", place);
    section.code = text_at(entry, "code", place);
    read_figures(section, entry, place.at("figures"));
    read_pictures(section, entry, place);
    read_table(section, entry, place);
    report.sections.push_back(std::move(section));
  }
  return report;
}

}  // namespace steer
