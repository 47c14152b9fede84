// Online action detection: of a stream, what happens at this frame, known from the frames up to now alone. A
// transformer in the manner of OadTR (Wang et al. 2021): an encoder reads the last frames and a token of its
// own, a decoder asks the encoder what the next frames will be, and both answer together. Prints per-frame
// mean average precision, plain and calibrated, with and without looking ahead, beside baselines, and draws a
// timeline: online_actions [DIGITS.tar] [OUT.png] [STEPS]
//
// DIGITS.tar holds recordings {digit}_{speaker}_{index}.wav of the Free Spoken Digit Dataset, of 8 kHz;
// without it, or with "-", only the synthetic stream is run.
#include <torch/torch.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/machine.h"
#include "steer/core/random.h"
#include "steer/data/archives.h"
#include "steer/metrics/average_precision.h"
#include "steer/nn/initial_values.h"
#include "steer/picture/images.h"
#include "steer/picture/lettering.h"

namespace {

using torch::Tensor;

constexpr int64_t kWindow = 32, kAhead = 8;  // frames that are seen, and foreseen
constexpr int64_t kWidth = 48, kHeads = 4, kLayers = 2, kBatch = 64;

// Frames and what happens at each; class 0 is "nothing".
struct Stream {
  Tensor feature;  // [frames, F]
  Tensor label;    // int64 [frames]
  int64_t classes = 0;

  int64_t frames() const { return label.size(0); }
  // The last frames up to each of `at` int64 [N], zeros before the first: [N, kWindow, F].
  Tensor windows(const Tensor& at) const {
    const Tensor place = at.unsqueeze(1) + torch::arange(1 - kWindow, 1);
    const Tensor there = (place >= 0).unsqueeze(2);
    const Tensor rows = feature.index_select(0, place.clamp_min(0).flatten());
    return rows.view({at.size(0), kWindow, -1}) * there;
  }
  // What happens at the next frames: int64 [N, kAhead].
  Tensor next(const Tensor& at) const {
    const Tensor place = (at.unsqueeze(1) + torch::arange(1, kAhead + 1)).clamp_max(frames() - 1);
    return label.index_select(0, place.flatten()).view({at.size(0), kAhead});
  }
};

// What follows `before`: the one after it four times out of five, else any other, of `count` actions from 1.
int64_t following(steer::Random& random, int64_t before, int64_t count) {
  if (before > 0 && random.uniform() < 0.8) return before % count + 1;
  return 1 + static_cast<int64_t>(random.below(static_cast<uint64_t>(count)));
}

int64_t between(steer::Random& random, int64_t least, int64_t most) {
  return least + static_cast<int64_t>(random.below(static_cast<uint64_t>(most - least + 1)));
}

// Four actions between pauses, each a direction in eight dimensions under noise of one and a half times its
// length; the last four frames of a pause lean a little to what comes.
Stream synthetic(uint64_t seed, int64_t frames) {
  constexpr int64_t kActions = 4, kFeatures = 8;
  const Tensor direction =
      steer::normal_rows(steer::sample_seeds(77, kActions + 1), 1, {kFeatures}).to(torch::kFloat32);
  const Tensor unit = direction / direction.norm(2, 1, true);
  steer::Random random(seed);
  Stream stream;
  stream.classes = kActions + 1;
  std::vector<int64_t> label;
  Tensor mean = torch::zeros({frames + 64, kFeatures});
  for (int64_t action = 0; static_cast<int64_t>(label.size()) < frames;) {
    action = following(random, action, kActions);
    label.insert(label.end(), static_cast<size_t>(between(random, 8, 20)), 0);
    const auto begin = static_cast<int64_t>(label.size());
    if (begin >= frames) break;
    mean.narrow(0, begin - 4, 4).add_(0.6 * unit[action]);
    const int64_t lasts = between(random, 6, 14);
    mean.narrow(0, begin, lasts).add_(2 * unit[action]);
    label.insert(label.end(), static_cast<size_t>(lasts), action);
  }
  label.resize(static_cast<size_t>(frames));
  const Tensor noise =
      steer::normal_rows(steer::sample_seeds(seed, frames), 2, {kFeatures}).to(torch::kFloat32);
  stream.label = torch::tensor(label, torch::kInt64);
  stream.feature = mean.narrow(0, 0, frames) + 1.5 * noise / std::sqrt(2.0);
  return stream;
}

// The samples of a mono recording of 16 bits, in [-1, 1].
Tensor recording(const std::string& name, const std::string& bytes) {
  const size_t at = bytes.find("data");
  STEER_CHECK(bytes.compare(0, 4, "RIFF") == 0 && at != std::string::npos && at + 8 <= bytes.size(),
              "[digits] ", name, ": expected a WAV recording of 16 bits");
  const auto count = static_cast<int64_t>((bytes.size() - at - 8) / 2);
  Tensor samples = torch::empty({count}, torch::kInt16);
  std::memcpy(samples.data_ptr<int16_t>(), bytes.data() + at + 8, static_cast<size_t>(2 * count));
  return samples.to(torch::kFloat32) / 32768;
}

constexpr int64_t kFrame = 256, kHop = 160, kBands = 24, kRate = 8000;

// Triangles of equal width on the mel scale, 60 to 3,800 Hz: [kFrame / 2 + 1, kBands].
Tensor mel_bands() {
  const auto mel = [](double hertz) { return 1127 * std::log(1 + hertz / 700); };
  const Tensor hertz = torch::arange(kFrame / 2 + 1) * (static_cast<double>(kRate) / kFrame);
  const Tensor place = 1127 * (1 + hertz / 700).log();
  const double first = mel(60), step = (mel(3800) - first) / (kBands + 1);
  const Tensor middle = first + step * torch::arange(1, kBands + 1);
  return (1 - (place.unsqueeze(1) - middle.unsqueeze(0)).abs() / step).clamp_min(0);
}

// Logarithms of the power in each band, a frame every 20 ms: [frames, kBands].
Tensor log_mel(const Tensor& sound) {
  const Tensor frames = sound.unfold(0, kFrame, kHop) * torch::hann_window(kFrame);
  return (at::matmul(torch::fft::rfft(frames).abs().square(), mel_bands()) + 1e-4).log();
}

// Digits said one after another by many speakers, counted upward four times out of five, with pauses and a
// little noise. Recordings 0 to 4 of each speaker are the test's.
class Digits {
 public:
  explicit Digits(const std::string& archive) {
    steer::read_archive(
        archive,
        [](const std::string& name) { return name.size() > 4 && name.substr(name.size() - 4) == ".wav"; },
        [this](const std::string& name, const std::string& bytes) {
          const std::string file = name.substr(name.rfind('/') + 1);
          const int64_t digit = file[0] - '0', index = std::atoll(file.c_str() + file.rfind('_') + 1);
          STEER_CHECK(digit >= 0 && digit <= 9, "[digits] ", name,
                      ": expected a name such as 7_jackson_32.wav");
          said_[{index < 5, digit}].push_back(recording(name, bytes));
        });
    STEER_CHECK(said_.size() == 20, "[digits] ", archive, ": expected recordings of all ten digits");
  }

  Stream stream(uint64_t seed, int64_t frames, bool test) const {
    steer::Random random(seed);
    std::vector<Tensor> sounds;
    std::vector<int64_t> label;
    for (int64_t digit = 0; static_cast<int64_t>(label.size()) < frames;) {
      digit = following(random, digit, 10);
      const int64_t pause = between(random, 6, 20);
      sounds.push_back(torch::zeros({pause * kHop}));
      label.insert(label.end(), static_cast<size_t>(pause), 0);
      const std::vector<Tensor>& some = said_.at({test, digit - 1});
      const Tensor& one = some[random.below(some.size())];
      const int64_t lasts = one.size(0) / kHop;
      sounds.push_back(one.narrow(0, 0, lasts * kHop));
      label.insert(label.end(), static_cast<size_t>(lasts), digit);
    }
    sounds.push_back(torch::zeros({kFrame}));
    Tensor sound = torch::cat(sounds);
    sound = sound +
            2e-3 * steer::normal_rows(steer::sample_seeds(seed, 1), 3, sound.sizes())[0].to(torch::kFloat32);
    Stream stream;
    stream.classes = 11;
    label.resize(static_cast<size_t>(frames));
    stream.label = torch::tensor(label, torch::kInt64);
    stream.feature = log_mel(sound).narrow(0, 0, frames);
    return stream;
  }

 private:
  std::map<std::pair<bool, int64_t>, std::vector<Tensor>> said_;
};

// What a detector says: logits now [N, K], and of the next frames [N, kAhead, K].
struct Said {
  Tensor now, ahead;
};

class Detector : public torch::nn::Module {
 public:
  // Without `looks` there is no decoder.
  Detector(int64_t features, int64_t classes, bool looks) : looks_(looks) {
    namespace nn = torch::nn;
    entry_ = register_module("entry", nn::Linear(features, kWidth));
    const auto encoder =
        nn::TransformerEncoderLayerOptions(kWidth, kHeads).dim_feedforward(2 * kWidth).dropout(0.1);
    encoder_ =
        register_module("encoder", nn::TransformerEncoder(nn::TransformerEncoderOptions(encoder, kLayers)));
    place_ = register_parameter("place", 0.02 * torch::randn({kWindow + 1, 1, kWidth}));
    task_ = register_parameter("task", 0.02 * torch::randn({1, 1, kWidth}));
    now_ = register_module("now", nn::Linear(looks ? 2 * kWidth : kWidth, classes));
    if (!looks) return;
    const auto decoder =
        nn::TransformerDecoderLayerOptions(kWidth, kHeads).dim_feedforward(2 * kWidth).dropout(0.1);
    decoder_ =
        register_module("decoder", nn::TransformerDecoder(nn::TransformerDecoderOptions(decoder, kLayers)));
    queries_ = register_parameter("queries", 0.02 * torch::randn({kAhead, 1, kWidth}));
    ahead_ = register_module("ahead", nn::Linear(kWidth, classes));
  }

  // Of windows [N, kWindow, F].
  Said forward(const Tensor& windows) {
    const int64_t count = windows.size(0);
    const Tensor frames = entry_->forward(windows).transpose(0, 1);
    const Tensor all = torch::cat({frames, task_.expand({1, count, kWidth})}) + place_;
    const Tensor seen = encoder_->forward(all), task = seen[kWindow];
    if (!looks_) return {now_->forward(task), {}};
    const Tensor next = decoder_->forward(queries_.expand({kAhead, count, kWidth}), seen).transpose(0, 1);
    return {now_->forward(torch::cat({task, next.mean(1)}, 1)), ahead_->forward(next)};
  }

 private:
  bool looks_;
  torch::nn::Linear entry_{nullptr}, now_{nullptr}, ahead_{nullptr};
  torch::nn::TransformerEncoder encoder_{nullptr};
  torch::nn::TransformerDecoder decoder_{nullptr};
  Tensor place_, task_, queries_;
};

// Random windows, cross-entropy of now and half of that ahead, Adam with a rate that falls as a cosine.
void teach(Detector& detector, const Stream& stream, int64_t steps) {
  torch::optim::Adam adam(detector.parameters(), 1e-3);
  steer::Random random(5);
  detector.train();
  for (int64_t step = 0; step < steps; ++step) {
    const double rate =
        1e-3 * 0.5 * (1 + std::cos(M_PI * static_cast<double>(step) / static_cast<double>(steps)));
    static_cast<torch::optim::AdamOptions&>(adam.param_groups()[0].options()).lr(rate);
    std::vector<int64_t> at(kBatch);
    for (int64_t& each : at) each = between(random, 0, stream.frames() - 1 - kAhead);
    const Tensor place = torch::tensor(at, torch::kInt64);
    const Said said = detector.forward(stream.windows(place));
    Tensor loss = torch::cross_entropy_loss(said.now, stream.label.index_select(0, place));
    if (said.ahead.defined())
      loss = loss + 0.5 * torch::cross_entropy_loss(said.ahead.flatten(0, 1), stream.next(place).flatten());
    adam.zero_grad();
    loss.backward();
    adam.step();
  }
  detector.eval();
}

// Of every frame, as if each were the newest.
Said watch(Detector& detector, const Stream& stream) {
  const torch::NoGradGuard no_grad;
  std::vector<Tensor> now, ahead;
  for (int64_t at = 0; at < stream.frames(); at += 512) {
    const Said said =
        detector.forward(stream.windows(torch::arange(at, std::min(at + 512, stream.frames()))));
    now.push_back(said.now.softmax(-1));
    if (said.ahead.defined()) ahead.push_back(said.ahead.softmax(-1));
  }
  return {torch::cat(now), ahead.empty() ? Tensor() : torch::cat(ahead)};
}

// The mean over the next frames of the precision at which they are foreseen.
steer::FramePrecision foreseen(const Tensor& ahead, const Stream& stream) {
  const int64_t count = stream.frames() - kAhead;
  const Tensor next = stream.next(torch::arange(count));
  steer::FramePrecision mean;
  for (int64_t i = 0; i < kAhead; ++i) {
    const auto one = steer::frame_precision(ahead.narrow(0, 0, count).select(1, i), next.select(1, i), 1);
    mean.mean += one.mean / kAhead, mean.calibrated_mean += one.calibrated_mean / kAhead;
  }
  return mean;
}

void row(const char* name, const Tensor& now, const Tensor& ahead, const Stream& stream) {
  const auto here = steer::frame_precision(now, stream.label, 1);
  const auto then = foreseen(ahead, stream);
  std::printf("%-34s %6.1f %6.1f   %6.1f %6.1f\n", name, 100 * here.mean, 100 * here.calibrated_mean,
              100 * then.mean, 100 * then.calibrated_mean);
}

// What is said now held for the next frames.
Tensor held(const Tensor& now) {
  return now.unsqueeze(1).expand({-1, kAhead, -1});
}

// The newest frame alone, by logistic regression.
Tensor by_one_frame(const Stream& train, const Stream& test) {
  torch::nn::Linear linear(train.feature.size(1), train.classes);
  torch::optim::Adam adam(linear->parameters(), 2e-2);
  for (int64_t step = 0; step < 300; ++step) {
    adam.zero_grad();
    torch::cross_entropy_loss(linear->forward(train.feature), train.label).backward();
    adam.step();
  }
  const torch::NoGradGuard no_grad;
  return linear->forward(test.feature).softmax(-1);
}

struct Watched {
  Said alone, both;
};

Watched compare(const char* title, const Stream& train, const Stream& test, int64_t steps) {
  const steer::InitialValues values(3);
  std::printf("\n%s: %lld frames to learn from, %lld to judge by\n", title,
              static_cast<long long>(train.frames()), static_cast<long long>(test.frames()));
  std::printf("%-34s %13s   %13s\n%-34s %6s %6s   %6s %6s\n", "", "now", "8 frames ahead", "", "mAP", "cAP",
              "mAP", "cAP");
  const Tensor chance =
      steer::uniform_rows(steer::sample_seeds(9, test.frames()), 4, {test.classes}).to(torch::kFloat32);
  row("chance", chance, held(chance), test);
  const Tensor one = by_one_frame(train, test);
  row("the newest frame alone, held", one, held(one), test);
  Detector encoder(train.feature.size(1), train.classes, false);
  teach(encoder, train, steps);
  Watched watched;
  watched.alone = watch(encoder, test);
  row("encoder alone, held", watched.alone.now, held(watched.alone.now), test);
  Detector both(train.feature.size(1), train.classes, true);
  teach(both, train, steps);
  watched.both = watch(both, test);
  row("encoder and decoder", watched.both.now, watched.both.ahead, test);
  return watched;
}

constexpr int64_t kShown = 360, kPixels = 3, kMargin = 176;

// Eleven colours that differ, grey for nothing: [11, 3] in [-1, 1].
Tensor palette() {
  Tensor colours = torch::full({11, 3}, 0.7);
  for (int64_t k = 1; k < 11; ++k)
    for (int64_t c = 0; c < 3; ++c)
      colours[k][c] =
          0.1 + 0.75 * std::cos(2 * M_PI * (static_cast<double>(k) / 10 + static_cast<double>(c) / 3));
  return colours;
}

// A line of the picture: its name, then what it shows, [3, height, kMargin + kShown kPixels].
Tensor band(const std::string& name, const Tensor& shown) {
  const int64_t height = shown.size(1);
  Tensor made = torch::full({3, height + 6, kMargin + kShown * kPixels + 8}, 1.0);
  steer::LetterLines line(1);
  for (const char letter : name) line[0].push_back({letter == ' ' ? "" : std::string(1, letter)});
  const Tensor text = steer::lettered(line, 20, 1);
  const int64_t rows = std::min(height + 6, text.size(1));
  made.narrow(1, 0, rows).narrow(2, 0, kMargin).copy_(text.narrow(1, 0, rows).narrow(2, 0, kMargin));
  made.narrow(1, 3, height).narrow(2, kMargin, kShown * kPixels).copy_(shown);
  return made;
}

// Classes int64 [kShown] as a strip of colours.
Tensor strip(const Tensor& label) {
  const Tensor colours = palette().index_select(0, label).t().unsqueeze(1);  // [3, 1, kShown]
  return colours.repeat_interleave(kPixels, 2).expand({3, 24, kShown * kPixels});
}

// The names of what is said, over the truth.
Tensor names(const Tensor& label) {
  steer::LetterLines line(1);
  line[0].resize(static_cast<size_t>(kShown * kPixels / 8));
  for (int64_t i = 1; i < kShown; ++i) {
    const int64_t k = label[i].item<int64_t>();
    const auto place = static_cast<size_t>(i * kPixels / 8);
    if (k > 0 && k != label[i - 1].item<int64_t>() && place < line[0].size())
      line[0][place] = {std::to_string(k - 1)};
  }
  return steer::lettered(line, kShown * kPixels / 8, 1).narrow(2, 8, kShown * kPixels);
}

// The sound, what is said, and what is told of it.
void draw(const std::string& path, const Stream& stream, const Watched& watched) {
  constexpr int64_t kFrom = 200;
  const auto part = [](const Tensor& x) { return x.narrow(0, kFrom, kShown); };
  const Tensor loud = part(stream.feature).t().flip(0).clamp(-2, 2) / -2;
  const Tensor sound =
      loud.repeat_interleave(4, 0).repeat_interleave(kPixels, 1).unsqueeze(0).expand({3, -1, -1});
  const Tensor label = part(stream.label), early = watched.both.ahead.select(1, kAhead - 1).argmax(-1);
  steer::write_png(
      path,
      torch::cat({band("frequencies", sound), band("digit", names(label)), band("what is said", strip(label)),
                  band("encoder alone", strip(part(watched.alone.now).argmax(-1))),
                  band("and decoder", strip(part(watched.both.now).argmax(-1))),
                  band("told 160 ms before", strip(early.narrow(0, kFrom - kAhead, kShown)))},
                 1));
  std::printf("\nwrote %s: %.1f s of the judged stream\n", path.c_str(),
              kShown * kHop / static_cast<double>(kRate));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    steer::prepare_process(1);
    const std::string archive = argc > 1 ? argv[1] : "-", out = argc > 2 ? argv[2] : "online_actions.png";
    const int64_t steps = argc > 3 ? std::atoll(argv[3]) : 1500;
    compare("synthetic stream", synthetic(1, 20000), synthetic(2, 6000), steps);
    if (archive == "-") return 0;
    const Digits digits(archive);
    Stream train = digits.stream(1, 40000, false), test = digits.stream(2, 8000, true);
    const Tensor mean = train.feature.mean(0), deviation = train.feature.std(0);
    for (Stream* each : {&train, &test}) each->feature = (each->feature - mean) / deviation;
    draw(out, test, compare("spoken digits", train, test, steps));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "online_actions: " << error.what() << "\n";
    return 1;
  }
}
