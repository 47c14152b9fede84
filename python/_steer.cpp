// The Python module steer._steer: the library with torch's tensors at its border. Its parts are the other
// sources of this folder.
#include "python/_steer.h"

#include <dlfcn.h>

#include <ATen/Parallel.h>

#include "steer/core/build.h"
#include "steer/core/machine.h"
#include "steer/core/shipped.h"

namespace steer {
namespace {

// The file of the libtorch that this process computes with.
std::string torch_library() {
  Dl_info found{};
  const auto known = reinterpret_cast<const void*>(&at::get_num_threads);
  return ::dladdr(known, &found) != 0 && found.dli_fname ? found.dli_fname : "";
}

}  // namespace
}  // namespace steer

PYBIND11_MODULE(_steer, m) {
  m.doc() = "The library steer: models that sample, objectives that steer them, and works around both.";
  steer::bind_errors(m);
  steer::bind_callbacks(m);
  steer::bind_objectives(m);
  steer::bind_models(m);
  steer::bind_samples(m);
  steer::bind_codes(m);
  steer::bind_training(m);
  steer::bind_works(m);
  steer::bind_solving(m);
  const steer::Build& build = steer::this_build();
  m.attr("__version__") = build.version;
  m.attr("built_with_torch") = build.torch;
  m.attr("source_commit") = build.commit;
  m.def("_torch_library", &steer::torch_library);
  // Where what comes with steer is found (core/shipped.h), unless the environment says so already.
  m.def("_set_share", &steer::set_share);
  m.def(
      "prepare", &steer::prepare_process, py::arg("threads") = 0,
      "Sets the process up as the steer program does: torch's threads (0: one for each core it may use),\n"
      "freed blocks kept, numbers too small for a normal exponent taken as zero, and AVX-512 kernels where\n"
      "no tensor operation ran before. Importing steer does none of this.");
}
