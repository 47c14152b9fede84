#include "steer/core/json.h"

#include <algorithm>
#include <unordered_set>
#include <vector>

#include "steer/core/check.h"

namespace steer {

namespace {

// Adds a member whose key is known to be new: an ordered object would search for it.
Json* added(Json::object_t& object, std::string&& key, Json&& value) {
  object.emplace_back(std::move(key), std::move(value));
  return &object.back().second;
}

nlohmann::json* added(nlohmann::json::object_t& object, std::string&& key, nlohmann::json&& value) {
  return &object.emplace(std::move(key), std::move(value)).first->second;
}

// Builds a value while it is parsed, in time linear in the text: the library's own parser with a callback
// looks at all elements of an object again whenever one of them ends.
template <class AnyJson>
class JsonBuilder : public nlohmann::json_sax<AnyJson> {
 public:
  using typename nlohmann::json_sax<AnyJson>::number_integer_t;
  using typename nlohmann::json_sax<AnyJson>::number_unsigned_t;
  using typename nlohmann::json_sax<AnyJson>::number_float_t;
  using typename nlohmann::json_sax<AnyJson>::string_t;
  using typename nlohmann::json_sax<AnyJson>::binary_t;

  JsonBuilder(const std::string& where, int max_depth) : where_(where), max_depth_(max_depth) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }  // no text has any
  bool start_object(size_t) override { return open(AnyJson::object()); }
  bool start_array(size_t) override { return open(AnyJson::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    STEER_CHECK(open_.back().keys.insert(name).second, "[json] ", where_,
                ": expected every key once but got ", in_quotes(name), " twice");
    open_.back().key = std::move(name);
    return true;
  }

  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& error) override {
    // "[json.exception...] parse error at line 2, column 5: ...; last read: ..." without its number and its
    // quotation of the text, which may be long or hold any bytes.
    std::string fault = error.what();
    fault.erase(0, fault.find("] ") + 2);
    fault = fault.substr(0, std::min(fault.find("; last read"), size_t{200}));
    fail("[json] ", where_, ": expected JSON but got ", fault);
  }

  AnyJson value;

 private:
  // An object or array whose end has not come. Nothing is added to those around it meanwhile, so that it
  // stays where it is.
  struct Open {
    AnyJson* at;
    std::string key;  // of an object: of the value that comes next
    std::unordered_set<std::string> keys;
  };

  // Where the next value goes.
  AnyJson* placed(AnyJson&& next) {
    if (open_.empty()) {
      value = std::move(next);
      return &value;
    }
    Open& around = open_.back();
    if (around.at->is_array()) {
      around.at->push_back(std::move(next));
      return &around.at->back();
    }
    return added(around.at->template get_ref<typename AnyJson::object_t&>(), std::move(around.key),
                 std::move(next));
  }

  template <class Value>
  bool put(Value&& next) {
    placed(AnyJson(std::forward<Value>(next)));
    return true;
  }

  bool open(AnyJson&& next) {
    STEER_CHECK(static_cast<int>(open_.size()) < max_depth_, "[json] ", where_, ": expected at most ",
                max_depth_, " levels of nesting but got more");
    open_.push_back({placed(std::move(next)), "", {}});
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  const std::string& where_;
  int max_depth_;
  std::vector<Open> open_;
};

}  // namespace

template <class AnyJson>
AnyJson parse_json(std::string_view text, const std::string& where, int max_depth) {
  // The parser would take a zero byte for the end and not look at what follows.
  STEER_CHECK(text.find('\0') == std::string_view::npos, "[json] ", where,
              ": expected text but got a zero byte at ", text.find('\0'));
  JsonBuilder<AnyJson> builder(where, max_depth);
  AnyJson::sax_parse(text.begin(), text.end(), &builder);
  return std::move(builder.value);
}

template Json parse_json<Json>(std::string_view, const std::string&, int);
template nlohmann::json parse_json<nlohmann::json>(std::string_view, const std::string&, int);

std::string json_text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string as_utf8(const std::string& text) {
  return Json::parse(json_text(text)).get<std::string>();
}

std::string in_quotes(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string shown(text.substr(0, kLongest));
  if (text.size() > kLongest) shown += "...";
  return json_text(shown);
}

}  // namespace steer
