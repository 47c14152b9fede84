#include "steer/guidance/population_options.h"

#include <cmath>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/options.h"

namespace steer {
bool by_destination(const PopulationOptions& o) {
  return o.method == "tree" && o.branch == "destination";
}

void check_population(const PopulationOptions& o) {
  const std::vector<std::string> methods = {"none", "best_of", "svdd", "feynman_kac", "tree"};
  STEER_CHECK(among(o.method, methods),
              "[population] method: expected none, best_of, svdd, feynman_kac or tree but got ", o.method,
              did_you_mean(o.method, methods));
  check_options(o, "population");
  STEER_CHECK(o.method != "tree" || o.count % o.paths == 0,
              "[population] paths: expected a divisor of count ", o.count, " but got ", o.paths);
  STEER_CHECK(o.method != "feynman_kac" || o.temperature > 0,
              "[population] temperature: expected a number above 0 for feynman_kac but got ", o.temperature);
  STEER_CHECK(among(o.potential, {"difference", "max", "sum"}),
              "[population] potential: expected difference, max or sum but got ", o.potential);
  STEER_CHECK(o.branch == "state" || o.branch == "destination",
              "[population] branch: expected state or destination but got ", o.branch);
  STEER_CHECK(o.first_sigma >= o.last_sigma,
              "[population] expected first_sigma at or above last_sigma, which is at least 0, but got ",
              o.first_sigma, " and ", o.last_sigma);
}

void check_population(const PopulationOptions& o, const SolverOptions& solver) {
  check_population(o);
  if (o.method == "none" || o.method == "best_of") return;
  if (by_destination(o)) {
    STEER_CHECK(among(solver.name, {"ddpm", "ddim", "euler", "euler_ancestral"}),
                "[population] tree, destination: expected ddpm, ddim, euler or euler_ancestral but got ",
                solver.name, ", which does not step from x towards one denoised sample");
    return;
  }
  const std::string instead = "; use euler_ancestral, ddpm, or ddim with eta 1";
  STEER_CHECK(!looks_back(solver), "[population] ", o.method,
              ": expected a solver that does not look back on former steps but got ", solver.name, instead);
  STEER_CHECK(!is_deterministic(solver), "[population] ", o.method,
              ": expected a solver that draws noise at its steps but got ", solver.name,
              solver.name == "heun" ? " without churn"
              : solver.eta <= 0     ? " with eta 0"
                                    : "",
              instead);
}

}  // namespace steer
