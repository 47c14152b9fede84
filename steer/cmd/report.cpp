// steer report: a web page out of a description: text, pictures, tables, figures out of files of results.
#include "steer/work/report.h"
#include "steer/cmd/command.h"
#include "steer/work/outputs.h"

namespace steer {
namespace {

struct ReportFlags {
  Common common;
  std::string description, out = "report";
};

int run_report(const ReportFlags& flags) {
  check_page_output(flags.out, flags.common.force);
  const Report report = read_report(flags.description);
  const std::string page = write_report(report, flags.out);
  show(flags.common, {{"page", page}, {"sections", report.sections.size()}}, page + "\n");
  return 0;
}

}  // namespace

void add_report(CLI::App& app, Run& run) {
  auto flags = std::make_shared<ReportFlags>();
  CLI::App* command = app.add_subcommand(
      "report", "make a web page of pictures, tables and figures that other commands wrote");
  command->add_option("description", flags->description, "a JSON file: title, intro, sections")->required();
  command
      ->add_option("-o,--out", flags->out,
                   "folder to write: index.html and copies of the pictures that are not in it")
      ->capture_default_str();
  add_force_flag(command, flags->common.force, "an index.html");
  command->add_flag("--json", flags->common.json, "print one line of JSON with the path of the page");
  command->footer([] {
    return std::string(
        "{\"title\": \"...\", \"intro\": \"...\", \"sections\": [\n"
        "  {\"heading\": \"...\", \"text\": \"...\", \"code\": \"steer sample run -n 48\",\n"
        "   \"pictures\": [{\"path\": \"a.png\", \"caption\": \"...\"}],\n"
        "   \"table\": [[\"way\", \"psnr\"], [\"guided\", 21.5], [\"bicubic\", 20.1]], \"best\": {\"psnr\": "
        "\"highest\"},\n"
        "   \"figures\": {\"file\": \"x.json\", \"show\": {\"PSNR\": {\"at\": \"guided.psnr\", \"unit\": \" "
        "dB\", \"digits\": 1}}}}]}\n"
        "Paths are relative to the description. `code`, **bold** and empty lines between paragraphs are "
        "understood in\n"
        "texts and captions.\n");
  });
  command->callback([=, &run] { run = [=] { return run_report(*flags); }; });
}

}  // namespace steer
