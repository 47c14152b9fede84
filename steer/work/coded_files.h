// Samples as files of codes (docs/code_format.md), and back.
#pragma once

#include <string>

#include "steer/core/json.h"
#include "steer/models/models.h"
#include "steer/work/samples.h"
#include "steer/work/telling.h"
#include "steer/work/watching.h"

namespace steer {

// What is encoded, and how.
struct EncodingOptions {
  std::string run;                     // the model's path, beside which its prior is looked for
  SampleSource source;                 // what is encoded
  Telling telling;                     // what it does not say comes from the source
  std::string coder = "adaptive";      // packed, adaptive or prior
  std::string prior;                   // with the coder prior: its file; empty: beside the model
  int64_t batch = 64;                  // samples at once
  torch::Device device = torch::kCPU;  // where the model is
};

// What came of it.
struct Encoding {
  std::string bytes;         // of the file
  int64_t samples = 0;       // encoded
  std::string coder;         // its name
  uint64_t fingerprint = 0;  // of the model
  double latent_bits = 0;    // of a code: log2 of the number of codes
  double file_bits = 0;      // of the file for each sample
  double mse = 0;            // of the decoded samples; of text nats a token
  std::string plural;        // of the samples, for people
  std::string quality;       // for people: dB, or of text how many tokens come back
  Json figures;  // the same by name, psnr in dB, and prior_bits for each sample with the coder prior
};

// The samples as the bytes of a file of codes. Error for a model without codes, a missing prior, and as
// SampleSource::load and told_by.
Encoding encode_source(const LoadedModel& loaded, const EncodingOptions& options,
                       const WorkWatch& watch = {});

// What is decoded, and how.
struct DecodingOptions {
  std::string run;                     // as above
  std::string codes;                   // the file
  std::string prior;                   // that coded them, where a prior did; empty: beside the model
  Telling telling;                     // what the encoder was told
  std::string data;                    // the data set that it was told by; empty: by telling alone
  std::string split = "test";          // of the data set
  int64_t index = -1;                  // one sample alone, from 0; -1: all
  bool film = false;                   // whether a film is made
  int64_t batch = 64;                  // samples at once
  torch::Device device = torch::kCPU;  // where the model is
};

// What came of it.
struct Decoding {
  State samples;             // all, or the one asked for
  Tensor picture;            // [C, h, w]: of all, or the one alone without a frame
  Tensor film;               // uint8 [layers, C, h, w]: what they say after each layer, where asked for
  int64_t held = 0;          // codes in the file
  std::string plural;        // of the samples, for people
  std::string coder;         // its name
  uint64_t fingerprint = 0;  // of the model
  Json figures;              // the same by name
};

// The samples of a file of codes. Error, beginning with the file's name, for one that is foreign, damaged, of
// another model, or holds more than fit one picture; and when the model is not told what the encoder was.
Decoding decode_file(const LoadedModel& loaded, const DecodingOptions& options, const WorkWatch& watch = {});

}  // namespace steer
