// Files by name: what requests may speak of. No path comes from the network, only names of these tables.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/objectives/vocabulary.h"

namespace steer {

// Whether it is a name: 1 to 64 of A-Z, a-z, 0-9, dot, minus and underscore, the first of them no dot.
bool is_name(const std::string& text);

// A model in a few words, out of the head of its file: name, family, space, class_names, images, settings
// (names and meanings, of families that sample), presets.
Json model_card(const std::string& name, const std::string& path);

// The tables. Used on one thread.
class NamedFiles {
 public:
  // Uploads are files of this folder, those of earlier starts included.
  explicit NamedFiles(std::string uploads);

  // Adds a model under its own name: of a run folder the folder's, of a file the file's without ending; with
  // a number behind where the name is taken. Error for a path without a model of steer's.
  void add_model(const std::string& path);
  // Adds a file that words may name: a network that guides or judges, a corpus. Error where there is no such
  // file, and for what is no name.
  void add_guide(const std::string& name, const std::string& path);
  // Keeps bytes under a name and gives the name: that of the same bytes where they are there already, one
  // with a number where others are. Error for a name that is none, or does not end as files of samples or
  // text do.
  std::string add_upload(const std::string& name, const std::string& bytes);

  // The cards of all models, by name.
  const std::map<std::string, Json>& models() const { return cards_; }
  // Names of guides, and of uploads.
  std::vector<std::string> guides() const;
  std::vector<std::string> uploads() const;
  // The path of a model. Error, with the nearest name, where there is none.
  std::string model(const std::string& name) const;
  // The path of a guide or a model, for networks that guide or judge; of an upload; of any of these, uploads
  // first. Error where there is none.
  std::string guide(const std::string& name) const;
  std::string upload(const std::string& name) const;
  std::string any(const std::string& name) const;

 private:
  std::string uploads_;
  std::map<std::string, Json> cards_;
  std::map<std::string, std::string> models_, guides_;
};

// The objective in words with every name of a file as its path. Words that judge samples of this kind are
// known. Error as objective_of() for the words themselves, for files that no table has, and for programs
// unless they are allowed.
std::string with_paths(const std::string& words, const std::string& kind, const NamedFiles& files,
                       bool programs);

}  // namespace steer
