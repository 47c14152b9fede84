// Results that a later run goes on with: a file of JSON lines, one for each thing that was done.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "steer/core/files.h"
#include "steer/core/folder_lock.h"
#include "steer/core/json.h"

namespace steer {

// Where it is, and what it holds results of.
struct JournalOptions {
  std::string path;  // the file
  std::string work;  // in messages: "search"

  // Under which all results are made, an object; null: every key says all there is to say. With conditions
  // the first line is {"conditions": ...}; a line of the conditions alone says the same.
  Json conditions;

  // Fields that are the key in lines that have none.
  std::vector<std::string> key_names;
};

// Every result is a line {"key": ..., fields of the result}. A line that was being written when its process
// died is left out and written over. One process at a time writes to it.
class Journal {
 public:
  // Opens it, or begins a new one. Error, saying what differs, for one of other conditions, for files that
  // hold anything else, and while somebody else writes to it.
  explicit Journal(const JournalOptions& options);

  // A result with its key.
  struct Entry {
    Json key;     // what was done
    Json result;  // an object
  };

  const std::string& path() const { return path_; }  // the file
  // All results, in the order made, those of earlier runs first.
  const std::vector<Entry>& entries() const { return entries_; }
  // The result of this key, which lives until the next add(); null where there is none.
  const Json* find(const Json& key) const;
  // Writes down a result, an object.
  void add(const Json& key, const Json& result);

 private:
  void read(const Json& line, const JournalOptions& options);

  FileLock alone_;
  std::string path_;
  std::vector<Entry> entries_;
  std::unique_ptr<LogFile> log_;
};

}  // namespace steer
