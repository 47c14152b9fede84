#include "steer/serve/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "steer/core/build.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/options.h"
#include "steer/modalities/objectives.h"
#include "steer/objectives/syntax.h"
#include "steer/serve/page_files.h"
#include "steer/work/listings.h"

namespace steer {
namespace {

constexpr int64_t kLeastFreeBytes = int64_t{1} << 30;

// What stands between the slashes of a path.
std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  for (size_t at = 1; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    parts.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

HttpAnswer json_answer(const Json& json, int status = 200) {
  HttpAnswer answer;
  answer.status = status, answer.body = json_text(json);
  return answer;
}

HttpAnswer not_found() {
  return error_answer(404, "path", "expected a route of docs/studio.md");
}

Json body_of(const HttpRequest& request) {
  return parse_json(request.body, "body");
}

// A line without paths of this machine: of those the file's name stays.
std::string without_paths(const std::string& line) {
  std::string out;
  for (size_t at = 0; at < line.size();) {
    const bool begins =
        line[at] == '/' && (at == 0 || std::string(" '\"=(,[").find(line[at - 1]) != std::string::npos);
    if (!begins) {
      out += line[at++];
      continue;
    }
    const size_t end = std::min(line.find_first_of(" '\"),:;]", at), line.size());
    const std::string path = line.substr(at, end - at);
    out += path.substr(path.rfind('/') + 1);
    at = end;
  }
  return out;
}

Json told_of(const JobInfo& info) {
  Json json = job_json(info);
  json["error"] = without_paths(info.error);
  return json;
}

// What a word's call is, for the page: its nature, or what is wrong with its arguments.
void put_terms(const std::vector<Call>& calls, const Vocabulary& vocabulary, Json& terms) {
  for (const Call& call : calls) {
    const Word* word = find_word(vocabulary, call.name);
    if (!word) continue;
    if (call.terms.empty()) Arguments(call, word->parameters);
    terms.push_back({{"weight", call.weight}, {"word", word->name}, {"nature", name_of(word->nature)}});
    put_terms(call.terms, vocabulary, terms);
  }
}

void check_known(const std::vector<Call>& calls, const Vocabulary& vocabulary) {
  for (const Call& call : calls) {
    std::vector<std::string> names;
    for (const Word* word : vocabulary) names.push_back(word->name);
    STEER_CHECK(find_word(vocabulary, call.name), "[objective] column ", call.column, ": unknown objective ",
                call.name, did_you_mean(call.name, names));
    check_known(call.terms, vocabulary);
  }
}

}  // namespace

std::string base64(const std::string& bytes) {
  constexpr const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - at);
    uint32_t bits = 0;
    for (size_t i = 0; i < 3; ++i)
      bits = bits << 8 | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (size_t i = 0; i < 4; ++i) text += i <= count ? kDigits[bits >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

HttpEvent event_of(const JobInfo& info) {
  return {info.id, "job", json_text(told_of(info))};
}

HttpEvent preview_of(const JobInfo& info) {
  return {info.id + " preview", "preview",
          json_text({{"id", info.id},
                     {"share", info.share},
                     {"png", "data:image/png;base64," + base64(info.preview)}})};
}

std::string Api::snapshot() const {
  Json jobs = Json::array();
  for (const JobInfo& info : parts_.queue.all()) jobs.push_back(told_of(info));
  return "event: snapshot\ndata: " + json_text({{"jobs", jobs}}) + "\n\n";
}

HttpAnswer Api::answer(const HttpRequest& request) {
  try {
    return routed(request);
  } catch (const Error& error) {
    return error_answer(400, "request", without_paths(error.what()));
  } catch (const std::exception&) {
    return error_answer(500, "fault", "expected an answer but this request went wrong");
  }
}

HttpAnswer Api::routed(const HttpRequest& request) {
  const std::string& method = request.by.method;
  const bool reads = method == "GET" || method == "HEAD";
  const std::vector<std::string> parts = parts_of(request.by.path);
  if (reads && request.by.path == "/") return asset(request, "index.html");
  if (reads && request.by.path == "/healthz") return json_answer({{"ok", true}});
  if (reads && parts.size() == 2 && parts[0] == "assets") return asset(request, parts[1]);
  if (parts.size() < 2 || parts[0] != "api") return not_found();
  const std::string& what = parts[1];
  if (what == "jobs" && parts.size() == 2) return jobs(request);
  if (what == "jobs" && parts.size() == 3) return job(request, parts[2]);
  if (what == "uploads" && parts.size() == 2) return uploads(request);
  if (method == "POST" && what == "parse" && parts.size() == 2) return parsed(request);
  if (!reads) return error_answer(405, "method", "expected GET");
  JobInfo info;
  if (what == "jobs" && parts.size() == 4)
    return parts_.queue.find(parts[2], info) ? job_file(info, parts[3]) : not_found();
  if (what == "uploads" && parts.size() == 3) return upload(parts[2]);
  if (what == "lists" && parts.size() == 3) return json_answer(listing_json(listing_of(parts[2])));
  if (parts.size() != 2) return not_found();
  if (what == "state") return state();
  if (what == "models") return models();
  if (what == "vocabulary") return vocabulary(request);
  if (what == "events") return {200, "text/event-stream", snapshot(), {}, true};
  return not_found();
}

HttpAnswer Api::asset(const HttpRequest& request, const std::string& name) const {
  HttpAnswer answer;
  if (!is_name(name)) return not_found();
  const std::string path = (std::filesystem::path(parts_.assets) / name).string();
  if (parts_.assets.empty())
    answer.body = page_file(name);
  else if (std::filesystem::is_regular_file(path))
    answer.body = read_file(path);
  if (answer.body.empty()) return not_found();
  answer.type = page_type(name);
  const std::string tag = fmt::format("\"{:016x}\"", std::hash<std::string>()(answer.body));
  answer.more = {{"Cache-Control", "no-cache"}, {"ETag", tag}};
  if (request.etag == tag) answer.status = 304, answer.body.clear();
  return answer;
}

HttpAnswer Api::state() const {
  Json waiting = 0, running = 0;
  for (const JobInfo& info : parts_.queue.all()) {
    if (info.state == JobState::kQueued) waiting = waiting.get<int>() + 1;
    if (info.state == JobState::kRunning) running = running.get<int>() + 1;
  }
  const AskedLimits& limits = parts_.limits;
  return json_answer({{"version", this_build().version},
                      {"machine", parts_.machine},
                      {"waiting", waiting},
                      {"running", running},
                      {"free_bytes", parts_.history.free_bytes()},
                      {"guides", parts_.files.guides()},
                      {"uploads", parts_.files.uploads()},
                      {"limits",
                       {{"samples", limits.samples},
                        {"words", limits.words},
                        {"steps", limits.steps},
                        {"rows", limits.rows},
                        {"programs", limits.programs}}}});
}

HttpAnswer Api::models() const {
  Json cards = Json::array();
  const std::map<std::string, Json> needs = parts_.needs.known();
  for (const auto& [name, card] : parts_.files.models()) {
    cards.push_back(card);
    const auto known = needs.find(name);
    cards.back()["needs"] = known == needs.end() ? Json() : known->second;
  }
  return json_answer({{"models", cards}});
}

HttpAnswer Api::vocabulary(const HttpRequest& request) const {
  const auto kind = request.query.find("kind");
  return json_answer(
      {{"words", vocabulary_json(kind == request.query.end() ? all_words() : words_of(kind->second))}});
}

HttpAnswer Api::parsed(const HttpRequest& request) const {
  if (request.content_type != "application/json")
    return error_answer(415, "type", "expected application/json");
  const Json body = body_of(request);
  STEER_CHECK(
      body.is_object() && body.value("words", Json()).is_string() && body.value("model", Json()).is_string(),
      "[parse] expected {\"words\": TEXT, \"model\": NAME}");
  const auto words = body["words"].get<std::string>(), model = body["model"].get<std::string>();
  STEER_CHECK(static_cast<int64_t>(words.size()) <= parts_.limits.words, "[parse] words: expected at most ",
              parts_.limits.words, " bytes but got ", words.size());
  parts_.files.model(model);
  const std::string kind = parts_.files.models().at(model)["space"].value("kind", "");
  const Vocabulary vocabulary = words_of(kind);
  const std::vector<Call> calls = parse_objective(words);
  check_known(calls, vocabulary);
  with_paths(words, kind, parts_.files, parts_.limits.programs);
  Json terms = Json::array();
  put_terms(calls, vocabulary, terms);
  return json_answer({{"terms", terms}});
}

HttpAnswer Api::uploads(const HttpRequest& request) {
  if (request.by.method == "GET") return json_answer({{"uploads", parts_.files.uploads()}});
  if (request.by.method != "POST") return error_answer(405, "method", "expected GET or POST");
  if (request.content_type == "text/plain" || request.content_type.rfind("multipart/", 0) == 0)
    return error_answer(415, "type",
                        "expected the file's bytes, as application/octet-stream or its own type");
  if (parts_.history.free_bytes() < kLeastFreeBytes)
    return error_answer(507, "disk", "expected 1 GiB of free disk");
  const auto name = request.query.find("name");
  STEER_CHECK(name != request.query.end() && !request.body.empty(), "[upload] expected ?name=NAME and bytes");
  return json_answer({{"name", parts_.files.add_upload(name->second, request.body)}}, 201);
}

HttpAnswer Api::upload(const std::string& name) const {
  const std::string ending = file_ending(name);
  HttpAnswer answer;
  // Nothing that came from elsewhere is shown as a page.
  answer.type = ending == ".png"                        ? "image/png"
                : ending == ".jpg" || ending == ".jpeg" ? "image/jpeg"
                : ending == ".webp"                     ? "image/webp"
                                                        : "application/octet-stream";
  answer.body = read_file(parts_.files.upload(name));
  return answer;
}

HttpAnswer Api::jobs(const HttpRequest& request) {
  if (request.by.method == "POST") return submit(request);
  if (request.by.method != "GET") return error_answer(405, "method", "expected GET or POST");
  Json list = Json::array();
  for (const JobInfo& info : parts_.queue.all()) list.push_back(told_of(info));
  return json_answer({{"jobs", list}});
}

HttpAnswer Api::submit(const HttpRequest& request) {
  if (request.content_type != "application/json")
    return error_answer(415, "type", "expected application/json");
  const Json body = body_of(request);
  const Json kind = body.is_object() ? body.value("kind", Json()) : Json();
  STEER_CHECK(kind == "samples" || kind == "search", "[job] kind: expected samples or search");
  JobWork work;
  ApiParts& parts = parts_;
  if (kind == "samples") {
    const Recipe recipe = recipe_asked(body, parts.files, parts.limits);
    work = [&parts, recipe](JobLook& look) {
      return samples_made(recipe, parts.models, parts.history, look);
    };
  } else {
    const SearchingOptions options = search_asked(body, parts.files, parts.limits);
    work = [&parts, options](JobLook& look) {
      return strengths_found(options, parts.models, parts.history, look);
    };
  }
  if (parts.history.free_bytes() < kLeastFreeBytes)
    return error_answer(507, "disk", "expected 1 GiB of free disk");
  if (!parts.queue.has_room()) {
    HttpAnswer answer = error_answer(429, "queue", "expected fewer waiting jobs; try again later");
    answer.more = {{"Retry-After", "5"}};
    return answer;
  }
  return json_answer({{"id", parts.queue.submit(kind.get<std::string>(), body, std::move(work))}}, 202);
}

HttpAnswer Api::job(const HttpRequest& request, const std::string& id) {
  JobInfo info;
  if (!parts_.queue.find(id, info)) return not_found();
  if (request.by.method == "GET") return json_answer(told_of(info));
  if (request.by.method != "DELETE") return error_answer(405, "method", "expected GET or DELETE");
  // A job that ended is removed; one that waits or runs is stopped.
  if (parts_.queue.forget(id))
    parts_.history.remove(id);
  else
    parts_.queue.stop(id);
  return json_answer({{"id", id}});
}

HttpAnswer Api::job_file(const JobInfo& info, const std::string& what) const {
  const std::string stored = what == "sheet.png" ? "png" : what == "trials" ? "trials.jsonl" : what;
  const std::string ending = file_ending(what);
  const bool numbered =
      what.find_first_not_of("0123456789") == what.size() - ending.size() && what.size() < 20;
  const bool known =
      what == "sheet.png" || what == "trials" || what == "preset.json" ||
      (numbered && (ending == ".png" || ending == ".wav" || ending == ".xyz" || ending == ".txt"));
  HttpAnswer answer;
  const bool here = parts_.history.has(info.id, stored);
  // A search without a trial yet has an empty list of them.
  if (what == "trials" && info.kind == "search" && !here) return answer.type = "application/jsonl", answer;
  if (!known || !here) return not_found();
  answer.type = ending == ".png"    ? "image/png"
                : ending == ".wav"  ? "audio/wav"
                : ending == ".json" ? "application/json"
                : what == "trials"  ? "application/jsonl"
                                    : "application/octet-stream";
  answer.body = read_file(parts_.history.path(info.id, stored));
  return answer;
}

}  // namespace steer
