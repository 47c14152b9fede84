#include "steer/work/code_tree.h"

#include "steer/core/check.h"
#include "steer/modalities/modalities.h"

namespace steer {

CodeTree code_tree(const LoadedModel& loaded, const CodeTreeOptions& options) {
  const Codec& codec = as_codec(loaded, "tree");
  const Modality& modality = modality_of(codec.space());
  STEER_CHECK(modality.nested, "[tree] ", loaded.path, ": expected samples that nest in a picture but got ",
              modality.plural);
  const Told told = told_by(options.telling, *loaded.model, 1);
  CodeTree tree;
  tree.levels = codec.prefixes(options.levels, options.most, told);
  tree.branching = tree.levels[0].size();
  for (const State& level : tree.levels) tree.prefixes += level.size();
  tree.picture = modality.nested(tree.levels, options.cell);
  tree.figures = {{"levels", options.levels}, {"branching", tree.branching}, {"prefixes", tree.prefixes}};
  return tree;
}

}  // namespace steer
