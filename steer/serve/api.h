// The routes of the studio. Used on the server's thread alone; what takes long becomes a job.
#pragma once

#include <string>

#include "steer/serve/asked.h"
#include "steer/serve/history.h"
#include "steer/serve/http.h"
#include "steer/serve/job_queue.h"
#include "steer/serve/job_works.h"
#include "steer/serve/model_needs.h"
#include "steer/serve/named_files.h"

namespace steer {

// What the routes stand on; all of it outlives them.
struct ApiParts {
  NamedFiles& files;    // that requests may name
  JobQueue& queue;      // what is asked for
  JobHistory& history;  // where it is kept
  OpenModels& models;   // touched by jobs alone
  ModelNeeds& needs;    // of the models
  AskedLimits limits;   // of one job
  std::string assets;   // folder of the page's files; empty: those built in
  std::string machine;  // what computes, in a line
};

// docs/studio.md lists them.
class Api {
 public:
  // Stands on these parts.
  explicit Api(ApiParts parts) : parts_(std::move(parts)) {}

  // The answer to a request that was let in. Never throws.
  HttpAnswer answer(const HttpRequest& request);
  // The events of a stream's beginning: one `snapshot` with all jobs.
  std::string snapshot() const;

 private:
  HttpAnswer routed(const HttpRequest& request);
  HttpAnswer asset(const HttpRequest& request, const std::string& name) const;
  HttpAnswer state() const;
  HttpAnswer models() const;
  HttpAnswer vocabulary(const HttpRequest& request) const;
  HttpAnswer parsed(const HttpRequest& request) const;
  HttpAnswer uploads(const HttpRequest& request);
  HttpAnswer upload(const std::string& name) const;
  HttpAnswer jobs(const HttpRequest& request);
  HttpAnswer submit(const HttpRequest& request);
  HttpAnswer job(const HttpRequest& request, const std::string& id);
  HttpAnswer job_file(const JobInfo& info, const std::string& what) const;

  ApiParts parts_;
};

// What is told of a job: job_json(), in errors no path of this machine.
HttpEvent event_of(const JobInfo& info);
// Its preview, where it has one.
HttpEvent preview_of(const JobInfo& info);

// Bytes as base64.
std::string base64(const std::string& bytes);

}  // namespace steer
