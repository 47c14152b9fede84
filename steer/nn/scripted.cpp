#include "steer/nn/scripted.h"

#include <archive.h>
#include <archive_entry.h>
#include <torch/script.h>

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/files.h"

namespace steer {

struct ScriptedNetwork::State {
  std::string path;
  torch::jit::Module module;
};

namespace {

// Refuses a file whose entries would take far more memory than it has bytes: tensors are stored as they are,
// and nothing but sources is packed. What is no zip archive at all is left to libtorch to refuse.
void check_unpacked_size(const std::string& path) {
  constexpr int64_t kMostSources = int64_t{64} << 20;
  const std::unique_ptr<archive, int (*)(archive*)> owner(archive_read_new(), archive_read_free);
  archive_read_support_format_zip_seekable(owner.get());
  if (archive_read_open_filename(owner.get(), path.c_str(), 1 << 16) != ARCHIVE_OK) return;
  const auto room = static_cast<int64_t>(std::filesystem::file_size(path)) + kMostSources;
  int64_t bytes = 0;
  for (archive_entry* entry = nullptr; archive_read_next_header(owner.get(), &entry) == ARCHIVE_OK;) {
    const int64_t size = archive_entry_size(entry);
    STEER_CHECK(size >= 0 && size <= room - bytes, "[scripted] ", path,
                ": expected a TorchScript file, whose tensors are not packed, but it unpacks to more than ",
                room, " bytes");
    bytes += size;
  }
}

Tensor run(const torch::jit::Module& shared, const std::string& path, std::vector<c10::IValue> arguments) {
  torch::jit::Module module = shared;
  const bool wanted = at::GradMode::is_enabled() && arguments[0].toTensor().requires_grad();
  c10::IValue value;
  try {
    value = module.forward(std::move(arguments));
  } catch (const c10::Error& error) {
    fail("[scripted] ", path, ": its forward failed: ", fault_line(error.what_without_backtrace()));
  } catch (const std::exception& error) {
    fail("[scripted] ", path, ": its forward failed: ", fault_line(error.what()));
  }
  STEER_CHECK(value.isTensor(), "[scripted] ", path, ": expected a tensor from forward but got a ",
              value.tagKind());
  // Who asks with a gradient in mind would later get libtorch's word for it, or silently none.
  STEER_CHECK(!wanted || value.toTensor().requires_grad(), "[scripted] ", path,
              ": this network gives no gradient in its input; without one a diffusion is guided by particles "
              "(--method feynman_kac, svdd, tree or best_of), a DDN by choosing");
  return value.toTensor();
}

}  // namespace

std::string fault_line(const std::string& text) {
  size_t begin = text.find_first_not_of(" \n\r\t");
  if (begin == std::string::npos) return "no reason given";
  // What a module itself raised stands in the last line of a trace of its source.
  if (text.compare(begin, 24, "The following operation ") == 0) {
    const size_t end = text.find_last_not_of(" \n\r\t");
    const size_t line = text.find_last_of('\n', end);
    if (line != std::string::npos) return text.substr(line + 1, end - line);
  }
  return text.substr(begin, text.find_first_of("\n\r", begin) - begin);
}

ScriptedNetwork::ScriptedNetwork(const std::string& path, torch::Device device)
    : state_(std::make_shared<State>()) {
  STEER_CHECK(std::filesystem::is_regular_file(path), "[scripted] ", path,
              ": expected a TorchScript file but there is none");
  state_->path = path;
  check_unpacked_size(path);
  try {
    state_->module = torch::jit::load(path, device);
    state_->module.eval();
    for (at::Tensor parameter : state_->module.parameters()) parameter.set_requires_grad(false);
  } catch (const c10::Error& error) {
    fail("[scripted] ", path,
         ": expected a whole TorchScript file: ", fault_line(error.what_without_backtrace()));
  } catch (const std::exception& error) {
    fail("[scripted] ", path, ": expected a whole TorchScript file: ", fault_line(error.what()));
  }
}

Tensor ScriptedNetwork::operator()(const Tensor& x) const {
  return run(state_->module, state_->path, {x});
}

Tensor ScriptedNetwork::operator()(const Tensor& x, const std::string& text) const {
  return run(state_->module, state_->path, {x, text});
}

int64_t ScriptedNetwork::declared(const std::string& name, int64_t otherwise) const {
  const torch::jit::Module& module = state_->module;
  if (!module.hasattr(name)) return otherwise;
  const c10::IValue value = module.attr(name);
  STEER_CHECK(value.isInt(), "[scripted] ", state_->path, ": expected the attribute ", name,
              " as a whole number but got a ", value.tagKind());
  return value.toInt();
}

}  // namespace steer
