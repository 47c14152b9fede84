// The words that a checkpoint holds beside its tensors, read as what they must be.
#pragma once

#include <map>
#include <string>

#include "steer/core/json_fwd.h"

namespace steer {

// Metadata of one file. Every error begins with `what`, which names the file, and tells the key.
class Metadata {
 public:
  // `words` must outlive it.
  Metadata(const std::map<std::string, std::string>& words, std::string what);

  // Whether there is a word under this key.
  bool has(const std::string& key) const;
  // The word; error where there is none.
  const std::string& text(const std::string& key) const;
  // It as a finite number, and as a whole number from 0 to 2^53, which what counts steps and bytes stays
  // below.
  double number(const std::string& key) const;
  int64_t count(const std::string& key) const;
  // It as JSON.
  Json json(const std::string& key) const;

 private:
  const std::map<std::string, std::string>& words_;
  std::string what_;
};

}  // namespace steer
