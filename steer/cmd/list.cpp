// steer list: what there is to choose from.
#include "steer/cmd/command.h"
#include "steer/core/json.h"
#include "steer/work/listings.h"

namespace steer {
namespace {

struct ListFlags {
  Common common;
  std::string list;
};

std::string listing_text(const std::vector<Named>& entries) {
  std::vector<std::vector<std::string>> rows;
  for (const Named& entry : entries) rows.push_back({entry.name, entry.meaning});
  return table(rows);
}

int run_list(const ListFlags& flags) {
  if (!flags.list.empty()) {
    const Listing& listing = listing_of(flags.list);
    show(flags.common, listing_json(listing), listing_text(listing.entries));
    return 0;
  }
  Json all = Json::array();
  std::vector<Named> lists;
  for (const Listing& listing : listings()) {
    all.push_back(listing_json(listing));
    lists.push_back({listing.name, listing.meaning});
  }
  show(flags.common, all, listing_text(lists));
  return 0;
}

}  // namespace

void add_list(CLI::App& app, Run& run) {
  auto flags = std::make_shared<ListFlags>();
  CLI::App* command = app.add_subcommand("list", "list what there is to choose from: solvers, methods, data");
  command->add_option("list", flags->list, "which list; without it their names");
  command->add_flag("--json", flags->common.json, "print one line of JSON, of all lists where none is named");
  command->callback([=, &run] { run = [=] { return run_list(*flags); }; });
}

}  // namespace steer
