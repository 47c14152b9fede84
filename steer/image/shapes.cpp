#include "steer/image/shapes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/pi.h"
#include "steer/core/random.h"

namespace steer {
namespace {

constexpr float kTurn = 2 * static_cast<float>(kPi);  // in radians
constexpr int64_t kKinds = 5, kHues = 6;
constexpr uint64_t kRarityStream = 0x72617265;
constexpr float kHueDegrees[kHues] = {0, 27, 51, 132, 215, 278};

using ShapeColour = std::array<float, 3>;

// Everything that one image shows. The picture spans [-1, 1] in x and y.
struct Scene {
  int64_t kind, hue;
  float x, y, radius, angle;  // of the shape
  ShapeColour colour;         // of the shape, in [0, 1] like the next two
  ShapeColour from, to;       // of the background
  float slope, shadow;        // direction of the background's gradient; depth of the shadow
};

// Hue in degrees, saturation and value in [0, 1] (the usual hexcone). Filled in braces, which draw random
// numbers in order.
struct Shade {
  float hue, saturation, value;
};

ShapeColour colour_of(const Shade& shade) {
  ShapeColour colour;
  for (int c = 0; c < 3; ++c) {
    const float at = std::fmod(shade.hue / 60 + 5 - 2 * static_cast<float>(c) + 12, 6.0f);
    colour[c] = shade.value * (1 - shade.saturation * std::clamp(std::min(at, 4 - at), 0.0f, 1.0f));
  }
  return colour;
}

// A combination of kind and hue that gets another hue but with the chance `share`; -1: none does.
struct Rarity {
  int64_t combination;
  double share;
};

// The hue that the plain draw gave or, in place of a rare combination's, one of the others. The random
// numbers are its own, so that nothing else of the scene changes.
int64_t seldom(int64_t kind, int64_t hue, const Rarity& rarity, uint64_t seed) {
  if (kind * kHues + hue != rarity.combination) return hue;
  Random random(derive_seed(seed, kRarityStream));
  if (random.uniform() < rarity.share) return hue;
  return (hue + 1 + static_cast<int64_t>(random.below(kHues - 1))) % kHues;
}

Scene scene_of(uint64_t data_seed, int64_t index, const Rarity& rarity) {
  const uint64_t seed = derive_seed(data_seed, static_cast<uint64_t>(index));
  Random random(seed);
  const auto between = [&](double low, double high) { return static_cast<float>(random.uniform(low, high)); };
  Scene scene;
  scene.kind = static_cast<int64_t>(random.below(kKinds));
  scene.hue = seldom(scene.kind, static_cast<int64_t>(random.below(kHues)), rarity, seed);
  scene.radius = between(0.4, 0.75);
  const float room = 0.97f - 1.08f * scene.radius;  // every shape stays inside the picture
  scene.x = between(-room, room);
  scene.y = between(-room, room);
  scene.angle = between(0, kTurn);
  scene.colour =
      colour_of({kHueDegrees[scene.hue] + between(-6, 6), between(0.72, 0.92), between(0.82, 1.0)});
  // A dark or a light background of little and other colour, so that the shape stands out.
  const bool dark = random.below(2) == 0;
  const float hue = kHueDegrees[scene.hue] + between(90, 270);
  scene.from = colour_of({hue, between(0.15, 0.5), dark ? between(0.06, 0.22) : between(0.68, 0.82)});
  scene.to =
      colour_of({hue + between(-40, 40), between(0.1, 0.4), dark ? between(0.25, 0.45) : between(0.9, 1.0)});
  scene.slope = between(0, kTurn);
  scene.shadow = dark ? 0.45f : 0.3f;
  return scene;
}

// Signed distances from the border of a shape of radius about 1, negative inside.
struct Disc {
  float operator()(float x, float y) const { return std::sqrt(x * x + y * y) - 0.94f; }
};

struct Ring {
  float operator()(float x, float y) const { return std::abs(std::sqrt(x * x + y * y) - 0.74f) - 0.25f; }
};

float box(float x, float y, float width, float height) {
  const float dx = std::abs(x) - width, dy = std::abs(y) - height;
  const float ox = std::max(dx, 0.0f), oy = std::max(dy, 0.0f);
  return std::sqrt(ox * ox + oy * oy) + std::min(std::max(dx, dy), 0.0f);
}

struct Square {
  float operator()(float x, float y) const { return box(x, y, 0.70f, 0.70f) - 0.05f; }
};

struct Cross {
  float operator()(float x, float y) const {
    return std::min(box(x, y, 0.95f, 0.27f), box(x, y, 0.27f, 0.95f)) - 0.05f;
  }
};

// The largest of the distances from three lines; exact but beyond the corners, where the border turns.
struct Triangle {
  float operator()(float x, float y) const {
    return std::max(y, 0.8660254f * std::abs(x) - 0.5f * y) - 0.53f;
  }
};

float smooth(float t) {
  t = std::clamp(t, 0.0f, 1.0f);
  return t * t * (3 - 2 * t);
}

template <class Distance>
void draw(const Scene& scene, const Distance& distance, int64_t side, int64_t channels, float* out) {
  const float pixel = 2.0f / static_cast<float>(side), scale = 1 / scene.radius;
  const float cosine = std::cos(scene.angle) * scale, sine = std::sin(scene.angle) * scale;
  const float down_x = 0.7071f * std::cos(scene.slope), down_y = 0.7071f * std::sin(scene.slope);
  const auto distance_at = [&](float x, float y) {
    return distance(cosine * x + sine * y, cosine * y - sine * x) * scene.radius;
  };
  const int64_t plane = side * side;
  for (int64_t row = 0; row < side; ++row) {
    const float y = (static_cast<float>(row) + 0.5f) * pixel - 1;
    for (int64_t column = 0; column < side; ++column, ++out) {
      const float x = (static_cast<float>(column) + 0.5f) * pixel - 1;
      const float dx = x - scene.x, dy = y - scene.y;
      const float cover = std::clamp(0.5f - distance_at(dx, dy) / pixel, 0.0f, 1.0f);
      // Light falls from the upper left: a soft shadow to the lower right and a brighter upper left edge.
      const float shade = 1 - scene.shadow * smooth(0.5f - distance_at(dx - 0.09f, dy - 0.12f) / 0.22f);
      const float light = std::clamp(1 - 0.13f * (dx + dy) * scale, 0.0f, 1.25f);
      const float t = smooth(0.5f + 0.5f * (down_x * x + down_y * y));
      float colour[3];
      for (int c = 0; c < 3; ++c) {
        const float ground = (scene.from[c] + (scene.to[c] - scene.from[c]) * t) * shade;
        const float shape = std::min(scene.colour[c] * light, 1.0f);
        colour[c] = 2 * (ground + (shape - ground) * cover) - 1;
      }
      if (channels == 1) {
        *out = 0.299f * colour[0] + 0.587f * colour[1] + 0.114f * colour[2];
      } else {
        for (int c = 0; c < 3; ++c) out[c * plane] = colour[c];
      }
    }
  }
}

void draw(const Scene& scene, int64_t side, int64_t channels, float* out) {
  if (scene.kind == 0) return draw(scene, Disc(), side, channels, out);
  if (scene.kind == 1) return draw(scene, Square(), side, channels, out);
  if (scene.kind == 2) return draw(scene, Triangle(), side, channels, out);
  if (scene.kind == 3) return draw(scene, Cross(), side, channels, out);
  draw(scene, Ring(), side, channels, out);
}

// The number of a word among those known.
int64_t number_of(const std::string& word, const std::vector<std::string>& known, const char* what) {
  const auto found = std::find(known.begin(), known.end(), word);
  STEER_CHECK(found != known.end(), "[shapes] expected ", what, " as one of ",
              fmt::format("{}", fmt::join(known, ", ")), " but got ", in_quotes(word),
              did_you_mean(word, known));
  return found - known.begin();
}

// kind * 6 + hue of words such as "purple ring".
int64_t combination_of(const std::string& words) {
  std::istringstream in(words);
  std::string hue, kind, more;
  in >> hue >> kind;
  STEER_CHECK(!kind.empty() && !(in >> more),
              "[shapes] expected rare as a hue and a kind, as purple ring, but got ", in_quotes(words));
  return number_of(kind, ShapesDataset::kind_names(), "the kind of rare") * kHues +
         number_of(hue, ShapesDataset::hue_names(), "the hue of rare");
}

}  // namespace

ShapesDataset::ShapesDataset(int64_t count, int64_t side, int64_t channels, uint64_t seed,
                             const ShapesOptions& options)
    : count_(count), side_(side), channels_(channels), seed_(seed), options_(options) {
  STEER_CHECK(count > 0, "[shapes] expected at least one image but got ", count);
  STEER_CHECK(side >= 8 && side <= 1024, "[shapes] expected a size of 8 to 1024 but got ", side);
  STEER_CHECK(channels == 1 || channels == 3, "[shapes] expected channels 1 or 3 but got ", channels);
  number_of(options.labels, {"kind", "hue", "both"}, "labels");
  STEER_CHECK(options.rare_share >= 0 && options.rare_share <= 1,
              "[shapes] expected rare_share from 0 to 1 but got ", options.rare_share);
  if (!options.rare.empty()) rare_ = combination_of(options.rare);
}

Batch ShapesDataset::batch(const std::vector<int64_t>& indices) const {
  const int64_t count = static_cast<int64_t>(indices.size());
  Batch batch;
  batch.data.x = at::empty({count, channels_, side_, side_}, torch::kFloat32);
  batch.told.label = at::empty({count}, torch::kInt64);
  batch.index = at::empty({count}, torch::kInt64);
  for (int64_t i = 0; i < count; ++i) {
    STEER_CHECK(indices[i] >= 0 && indices[i] < count_, "[batch] expected an index below ", count_,
                " but got ", indices[i]);
    const Scene scene = scene_of(seed_, indices[i], {rare_, options_.rare_share});
    draw(scene, side_, channels_, batch.data.x.data_ptr<float>() + i * channels_ * side_ * side_);
    batch.told.label.data_ptr<int64_t>()[i] = options_.labels == "kind"  ? scene.kind
                                              : options_.labels == "hue" ? scene.hue
                                                                         : scene.kind * kHues + scene.hue;
    batch.index.data_ptr<int64_t>()[i] = indices[i];
  }
  return batch;
}

std::vector<std::string> ShapesDataset::classes() const {
  if (options_.labels == "kind") return kind_names();
  if (options_.labels == "hue") return hue_names();
  std::vector<std::string> both;
  for (const std::string& kind : kind_names())
    for (const std::string& hue : hue_names()) both.push_back(hue + " " + kind);
  return both;
}

Tensor ShapesDataset::hues(const std::vector<int64_t>& indices) const {
  const Tensor hues = at::empty({static_cast<int64_t>(indices.size())}, torch::kInt64);
  for (size_t i = 0; i < indices.size(); ++i)
    hues.data_ptr<int64_t>()[i] = scene_of(seed_, indices[i], {rare_, options_.rare_share}).hue;
  return hues;
}

std::vector<std::string> ShapesDataset::kind_names() {
  return {"disc", "square", "triangle", "cross", "ring"};
}

std::vector<std::string> ShapesDataset::hue_names() {
  return {"red", "orange", "yellow", "green", "blue", "purple"};
}

}  // namespace steer
