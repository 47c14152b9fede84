#include "steer/cmd/examples.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "steer/core/check.h"

namespace steer {
namespace {

// Lines begin with the command that they are of.
constexpr const char* kExamples[] = {
    "train ddn --config shapes_ddn --data shapes --out runs/shapes --minutes 5",
    "train diffusion --data photos/ --out runs/photos --minutes 30 --set data.size=32",
    "train ddn --data photos/ --out runs/mine --images 100000 --dry-run",
    "sample mnist_ddn -n 64 -o samples.png",
    "sample runs/shapes --seed 3,7,20:22 --zoom 4 -o 'each/{seed}.png'",
    "reconstruct mnist_ddn photo.png --fit resize -o reconstruction.png",
    "reconstruct runs/shapes --data shapes -n 16",
    "encode mnist_ddn --data mnist/ -n 1000 --coder adaptive -o codes.ddn",
    "decode mnist_ddn codes.ddn -o decoded.png",
    "guide runs/shapes --objective 'inpaint(photo.png, mask=left)' -n 8 -o guided.png",
    "guide runs/photos --objective 'label(cat, classifier=runs/judge)' --strength 2",
    "guide mnist_ddn --objective 'program(\"./judge.py\")' --particles 8 --temperature 2",
    "grid mnist_ddn --x seed=0:8 --y top=1,2,16 --objective 'edges(photo.png)' -o grid.png",
    "grid runs/photos --x steps=5,10,20 --y solver=ddim,unipc,adams -n 4",
    "front runs/photos --objective 'label(cat, classifier=runs/judge)' --objective 'inpaint(photo.png, "
    "mask=left)' -o front.png",
    "again guided.png -o repeated.png",
    "import weights.safetensors --official pyramid --out runs/official",
    "import --diffusers folder/ --out runs/ddpm",
    "export runs/photos --diffusers folder/",
    "evaluate runs/shapes --data shapes -n 1000",
    "evaluate runs/shapes --data shapes --objective 'inpaint(mask=left)' -n 64",
    "inspect mnist_ddn",
    "inspect guided.png",
    "tree mnist_tree_ddn --layers 3 -o tree.png",
    "tune runs/shapes --objective 'label(3, classifier=runs/judge)' --out runs/threes --minutes 5",
    "reflow runs/flow --out runs/straight --pairs 20000 --minutes 20",
    "likelihood runs/photos --data photos/ -n 64",
    "density --density spirals -k 1000 -o spirals.gif",
    "prior runs/shapes --data shapes --minutes 5",
    "rates runs/shapes --data shapes -n 200 -o rates.csv",
    "search runs/photos --objective 'inpaint(mask=left)' --data photos/ -o preset.json",
    "compare --runs a=runs/a,b=runs/b --objectives tasks.json -o report",
    "report page.json -o report",
    "search-similar runs/shapes --data shapes --index codes.idx",
    "search-similar runs/shapes photo.png --index codes.idx -n 8 -o similar.png",
    "cluster runs/shapes --data shapes --layers 3",
    "probe runs/shapes --data shapes",
    "tell runs/properties molecules.sdf",
    "interpolate mnist_ddn a.png b.png -n 9 -o way.png",
    "outpaint runs/photos photo.png --left 16 --right 16 -o wider.png",
    "serve runs/photos --guide judge=runs/judge",
    "words inpaint",
    "list solvers",
    "completion bash -o steer.bash",
    "manual -o steer.1",
};

std::string examples_of(const std::string& command) {
  std::string text;
  for (const std::string example : kExamples)
    if (example.rfind(command + " ", 0) == 0) text += "\n  steer " + example;
  return text;
}

}  // namespace

void add_examples(CLI::App& app) {
  size_t placed = 0;
  for (CLI::App* command : app.get_subcommands({})) {
    const std::string examples = examples_of(command->get_name());
    STEER_CHECK(!examples.empty(), "[examples] expected some of steer ", command->get_name());
    placed += static_cast<size_t>(std::count(examples.begin(), examples.end(), '\n'));
    // A footer that is computed comes before the one that is text.
    command->footer("Examples:" + examples);
  }
  STEER_CHECK(placed == std::size(kExamples), "[examples] expected each to be of a command");
}

}  // namespace steer
