// Data sets of text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/data/data_options.h"
#include "steer/data/dataset.h"
#include "steer/text/tokenizer.h"

namespace steer {

// Whether a path may be a data set of text: a file by its name, or a folder with such files in it or in its
// folders train and test, and no picture beside them.
bool is_text_path(const std::string& path);

// Windows of options.length tokens, State.token int64 [B, T]. Of a tokenizer without an end, State.mask says
// of windows shorter than that which tokens are there; the others are 0.
//
// Documents: of a file as read_documents, of a folder those of all its text files in the order of their
// names. For tests: those in the folder test (or validation) where there is one; else of ten documents and
// more every tenth; else the last tenth of each, by its characters. Windows to train on begin at every token;
// those for tests follow one another, so that each token is in one of them. They run from one document into
// the next, which are joined by an empty line, unless options.documents or the tokenizer has an end: then
// each ends with its document, whose last token is the end, and all that follows in a window is that too.
// With options.documents a tokenizer gets an end, unless it is that of a model without one (its JSON). The
// tokenizer is made of the options' word: characters of all documents, bpe:SIZE of those to train on. Error
// for text that is no UTF-8 (bytes take any), for characters that a tokenizer lacks, and for options that
// only images have. Lines of .jsonl may have a "label"; where windows end with their documents the labels are
// classes, whole numbers first, each in order.
std::unique_ptr<Dataset> make_text_dataset(const DataOptions& options);

// What the path may be.
const std::vector<Named>& text_data();

}  // namespace steer
