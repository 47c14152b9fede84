// Which data set, and what is made of it first.
#pragma once

#include <cstdint>
#include <string>

#include "steer/core/option_fields.h"
#include "steer/data/fit_words.h"

namespace steer {

// Which samples, and what is made of them first.
struct DataOptions {
  std::string path;                      // as in make_dataset
  std::string split = "train";           // train, test or validation
  int64_t size = 0;                      // of a side, 0 as stored
  int64_t channels = 0;                  // 1, 3 or 0 as stored
  std::string fit = "pad";               // pad, resize or crop
  std::string background = "white";      // of transparent pixels
  int64_t limit = 0;                     // the most samples, 0 all
  int64_t seed = 0;                      // of procedural data
  std::string labels = "kind";           // of shapes: kind, hue or both
  std::string rare;                      // of shapes: a combination seldom seen, as "purple ring"
  double rare_share = 0.15;              // of its images that stay
  std::string tokenizer = "characters";  // of text: bytes, characters, bpe:SIZE, a file, or one as JSON
  int64_t length = 256;                  // of text: tokens in a sample
  bool documents = false;                // of text: whether samples end with their document
  bool hydrogens = true;                 // of molecules: whether they stay
  int64_t half = 0;  // of QM9's training part, or digits': 1 the first, 2 the second, 0 all
  int64_t rate = 0;  // of sounds: samples in a second, 0 those of the first
  double peak = 0;   // of waveforms and blocks: what the greatest sample of a sound becomes, 0 as it is

  void fields(OptionFields& f) {
    f("path", path,
      "the word shapes, a folder or archive of images, points:NAME, a file of points (.csv, .npy), text "
      "(.txt, .jsonl, a folder of them), molecules (.xyz, .sdf, .pdb, a folder of arrays as QM9's), or "
      "sounds "
      "(a folder or archive of .wav, .flac ...; wave:PATH as waveforms, blocks:PATH cut into blocks)");
    f("split", split, "train, test or validation");
    f("size", size, "height and width to fit images to (0: as stored); of waveforms and blocks: samples",
      from_to(0, 1 << 20));
    f("channels", channels, "1 grey, 3 colour (0: as stored)", from_to(0, 3));
    f("fit", fit, "how to reach the size: pad, resize or crop");
    f("background", background, "what lies under transparent pixels: white, black, grey or #rrggbb");
    f("limit", limit, "use at most this many samples (0: all)", at_least(0));
    f("seed", seed, "seed of procedural data", at_least(0));
    f("labels", labels, "what labels name: kind, hue or both of shapes; digit or speaker of sounds");
    f("rare", rare, "a hue and a kind of shapes that shall be seldom, as purple ring (empty: none)");
    f("rare_share", rare_share, "share of that combination that stays, the others get another hue",
      from_to(0, 1));
    f("tokenizer", tokenizer,
      "of text: bytes, characters (of the data), bpe:SIZE (learned), or a tokenizer.json, vocab.json or "
      "merges.txt");
    f("length", length, "of text: tokens in a sample", from_to(1, 1 << 20));
    f("documents", documents, "of text: whether samples end with their document; else they run on");
    f("hydrogens", hydrogens, "of molecules: whether hydrogens stay; else heavy atoms alone are samples");
    f("half", half, "of QM9 and spoken digits: 1 or 2, that half of the training part (0: all of it)",
      from_to(0, 2));
    f("rate", rate, "of sounds: samples in a second (0: as the first has)", from_to(0, 1 << 20));
    f("peak", peak, "of waveforms and blocks: what the greatest sample of each becomes (0: as it is)",
      from_to(0, 1));
  }
};

// Lays what the words say (fit_words.h) over the options.
inline void set_fit(DataOptions& options, const std::string& text) {
  const FitWords words = fit_words(text);
  if (!words.fit.empty()) options.fit = words.fit;
  if (!words.background.empty()) options.background = words.background;
}

}  // namespace steer
