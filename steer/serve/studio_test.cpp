#include "steer/serve/studio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "steer/core/files.h"
#include "steer/models/small_models.h"
#include "steer/picture/images.h"
#include "steer/serve/api.h"
#include "steer/serve/test_client.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/work/recipe_pictures.h"

namespace steer {
namespace {

using testing::HasSubstr;

TEST(Base64, IsThatOfTheStandard) {
  const char* pairs[][2] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"\xFF\xFE\xFD", "//79"}};
  for (const auto& [bytes, text] : pairs) EXPECT_EQ(base64(bytes), text);
}

// A studio with two small models on a port of its own.
class StudioTest : public testing::Test {
 protected:
  void SetUp() override {
    save_model(folder_ / "ddn.safetensors", *small_ddn("pyramid"), {}, nullptr);
    save_model(folder_ / "flow.safetensors", *small_diffusion("edm"), {}, nullptr);
    save_model(folder_ / "told.safetensors", *small_diffusion("edm", 5), {}, nullptr);
    begin();
  }
  void TearDown() override { end(); }

  void begin() {
    StudioOptions options;
    options.models = {folder_ / "ddn.safetensors", folder_ / "flow.safetensors",
                      folder_ / "told.safetensors"};
    options.port = 0, options.history = folder_ / "history";
    options.computing.precision = "float32";
    studio_ = std::make_unique<Studio>(options);
    thread_ = std::thread([this] { studio_->run(); });
  }
  void end() {
    studio_->stop();
    thread_.join();
    studio_.reset();
  }

  std::string asked(const std::string& method, const std::string& path, const std::string& body = "",
                    const std::string& type = "application/json") {
    TestClient client(studio_->port());
    client.send(method + " " + path + " HTTP/1.1\r\nHost: localhost:" + std::to_string(studio_->port()) +
                "\r\nAuthorization: Bearer " + studio_->token() + "\r\nContent-Type: " + type +
                "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client.answer();
  }
  Json json(const std::string& method, const std::string& path, const Json& body = nullptr) {
    return parse_json(body_of(asked(method, path, body.is_null() ? "" : json_text(body))), path);
  }
  std::string submit(const Json& body) {
    const Json answer = json("POST", "/api/jobs", body);
    EXPECT_TRUE(answer.contains("id")) << answer;
    return answer.value("id", "");
  }
  Json ended(const std::string& id) {
    for (int i = 0; i < 6000; ++i) {
      const Json job = json("GET", "/api/jobs/" + id);
      if (job["state"] != "queued" && job["state"] != "running") return job;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return nullptr;
  }
  static Json samples(const std::string& model, int64_t count, const Json& more = Json::object()) {
    Json recipe = {{"model", {{"path", model}}}, {"count", count}, {"seeds", {5}}};
    recipe.update(more);
    return {{"kind", "samples"}, {"recipe", recipe}};
  }

  TemporaryFolder folder_;
  std::unique_ptr<Studio> studio_;
  std::thread thread_;
};

TEST_F(StudioTest, ServesItsPageAndWhatThereIs) {
  EXPECT_THAT(asked("GET", "/"), HasSubstr("text/html"));
  EXPECT_EQ(status_of(asked("GET", "/assets/index.html")), 200);
  for (const char* path :
       {"/assets/..%2fapi.cpp", "/assets/none.js", "/etc/passwd", "/api", "/api/none", "/api/jobs/x"})
    EXPECT_EQ(status_of(asked("GET", path)), 404) << path;
  EXPECT_EQ(json("GET", "/healthz"), Json({{"ok", true}}));
  const Json state = json("GET", "/api/state");
  EXPECT_EQ(state["waiting"], 0);
  EXPECT_EQ(state["limits"]["programs"], false);
  Json names = Json::array();
  const Json models = json("GET", "/api/models");
  for (const Json& card : models["models"]) names.push_back(card["name"]);
  EXPECT_THAT(names, testing::IsSupersetOf({Json("ddn"), Json("flow")}));
  Json needs;
  for (int i = 0; i < 1000 && needs.is_null(); ++i) {
    const Json all = json("GET", "/api/models");
    for (const Json& card : all["models"])
      if (card["name"] == "told") needs = card["needs"];
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(needs, Json({{"classes", 5}, {"no_class", true}, {"values", Json::array()}, {"given", false}}));
  EXPECT_FALSE(json("GET", "/api/vocabulary?kind=image")["words"].empty());
  EXPECT_FALSE(json("GET", "/api/lists/methods")["entries"].empty());
}

TEST_F(StudioTest, AsksForItsToken) {
  TestClient client(studio_->port());
  client.send("GET /api/state HTTP/1.1\r\nHost: localhost:" + std::to_string(studio_->port()) + "\r\n\r\n");
  const std::string answer = client.answer();
  EXPECT_EQ(status_of(answer), 401);
  EXPECT_THAT(answer, testing::Not(HasSubstr("version")));
  EXPECT_THAT(studio_->address(), HasSubstr("/#" + studio_->token()));
}

TEST_F(StudioTest, DrawsWhatTheProgramDraws) {
  const std::string id = submit(samples("ddn", 3));
  const Json job = ended(id);
  ASSERT_EQ(job["state"], "done") << job;
  EXPECT_EQ(job["result"]["samples"], 3);
  Recipe recipe;
  recipe.model.path = folder_ / "ddn.safetensors";
  recipe.count = 3, recipe.seeds = {5}, recipe.precision = "float32";
  const RecipeRun run = run_recipe(recipe, open_for(recipe));
  const std::string png = body_of(asked("GET", "/api/jobs/" + id + "/sheet.png"));
  EXPECT_TRUE(
      torch::equal(decode_bytes(png, "sheet.png", 0), decode_bytes(encode_png(picture_of(run)), "x.png", 0)));
  // One sample's picture holds the recipe of that sample alone.
  const std::string one = body_of(asked("GET", "/api/jobs/" + id + "/1.png"));
  const Recipe alone = recipe_of(parse_json(recipe_in_png(one, "1.png"), "1.png"), "1.png");
  EXPECT_EQ(alone.seeds, std::vector<int64_t>{6});
  EXPECT_EQ(alone.count, 1);
  for (const char* file :
       {"3.png", "sheet.jpg", "job.json", "..%2f..%2fddn.safetensors", "1.json", ".png", "-1.png"})
    EXPECT_EQ(status_of(asked("GET", "/api/jobs/" + id + "/" + file)), 404) << file;
}

TEST_F(StudioTest, GuidesByAnUploadAndSaysWhatIsWrong) {
  const std::string png = encode_png(torch::zeros({1, 8, 8}));
  EXPECT_EQ(parse_json(body_of(asked("POST", "/api/uploads?name=x.png", png, "image/png")), "x")["name"],
            "x.png");
  EXPECT_EQ(status_of(asked("POST", "/api/uploads?name=y.txt", "hello", "text/plain")), 415);
  EXPECT_EQ(body_of(asked("GET", "/api/uploads/x.png")), png);
  const Json guided = {{"work", "guide"}, {"objective", "inpaint(x.png, mask=left)"}};
  const Json job = ended(submit(samples("ddn", 2, guided)));
  ASSERT_EQ(job["state"], "done") << job;
  EXPECT_EQ(job["result"]["figures"]["scores"].size(), 2u);
  const Json terms =
      json("POST", "/api/parse", {{"model", "ddn"}, {"words", "inpaint(x.png, mask=left)"}})["terms"];
  EXPECT_EQ(terms[0]["nature"], "linear");
  const auto error = [&](const Json& body) {
    const std::string answer = asked("POST", "/api/jobs", json_text(body));
    EXPECT_EQ(status_of(answer), 400) << answer;
    return parse_json(body_of(answer), "x")["error"]["message"].get<std::string>();
  };
  EXPECT_THAT(error(samples("ddm", 2)), HasSubstr("did you mean ddn"));
  EXPECT_THAT(error(samples("ddn", 2, {{"work", "guide"}, {"objective", "inpaint(/etc/passwd)"}})),
              HasSubstr("expected the name of an uploaded file"));
  EXPECT_THAT(error({{"kind", "rm"}}), HasSubstr("expected samples or search"));
  EXPECT_THAT(error(Json::array()), HasSubstr("kind"));
  EXPECT_EQ(status_of(asked("POST", "/api/jobs", "{\"kind\":", "application/json")), 400);
  EXPECT_EQ(status_of(asked("POST", "/api/jobs", std::string(200000, '['), "application/json")), 400);
  EXPECT_EQ(status_of(asked("POST", "/api/jobs", "{}", "text/plain")), 415);
  EXPECT_THAT(asked("POST", "/api/parse", json_text({{"model", "ddn"}, {"words", "inpant(x.png)"}})),
              HasSubstr("did you mean inpaint"));
  // What fails while it runs says so without paths of this machine.
  asked("POST", "/api/uploads?name=bad.png", "no picture", "image/png");
  const Json failed =
      ended(submit(samples("ddn", 1, {{"work", "guide"}, {"objective", "inpaint(bad.png, mask=left)"}})));
  EXPECT_EQ(failed["state"], "failed");
  EXPECT_THAT(failed["error"].get<std::string>(), HasSubstr("bad.png"));
  EXPECT_THAT(failed["error"].get<std::string>(), testing::Not(HasSubstr(folder_.path())));
}

TEST_F(StudioTest, NamesTheClassOfEachSample) {
  const Json job =
      ended(submit(samples("told", 3, {{"telling", {{"label", "4,1"}}}, {"settings", {{"steps", 2}}}})));
  ASSERT_EQ(job["state"], "done") << job;
  EXPECT_EQ(job["result"]["classes"], Json({"4", "1", "4"}));
}

TEST_F(StudioTest, SearchesStrengthsAndGuidesByThem) {
  const std::string id = submit({{"kind", "search"},
                                 {"model", "flow"},
                                 {"objective", "gaussian(mean=0.3)"},
                                 {"samples", 2},
                                 {"sweeps", 1},
                                 {"knobs", {"strength=0.5:2:1"}},
                                 {"settings", {{"steps", 2}, {"method", "mpgd"}}}});
  const Json job = ended(id);
  ASSERT_EQ(job["state"], "done") << job;
  EXPECT_EQ(job["result"]["trials"], 2);
  EXPECT_EQ(job["result"]["knobs"], Json({"strength"}));
  EXPECT_THAT(body_of(asked("GET", "/api/jobs/" + id + "/trials")), HasSubstr("\"samples\":2"));
  EXPECT_EQ(status_of(asked("GET", "/api/jobs/" + id + "/preset.json")), 200);
  const Json guided = {{"work", "guide"},
                       {"objective", "gaussian(mean=0.3)"},
                       {"settings", {{"preset", job["result"]["preset"]}}}};
  const Json drawn = ended(submit(samples("flow", 2, guided)));
  EXPECT_EQ(drawn["state"], "done") << drawn;
}

TEST_F(StudioTest, KeepsJobsAndForgetsThoseThatAreRemoved) {
  const std::string kept = submit(samples("ddn", 1)), gone = submit(samples("ddn", 1));
  ended(kept), ended(gone);
  EXPECT_EQ(status_of(asked("DELETE", "/api/jobs/" + gone)), 200);
  EXPECT_EQ(status_of(asked("GET", "/api/jobs/" + gone)), 404);
  end();
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "history"))
    EXPECT_THAT(entry.path().filename().string(), testing::Not(HasSubstr(gone)));
  write_file(folder_ / "history/0.job.json", "{damaged");
  begin();
  const Json jobs = json("GET", "/api/jobs")["jobs"];
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0]["id"], kept);
  EXPECT_EQ(jobs[0]["state"], "done");
  EXPECT_EQ(status_of(asked("GET", "/api/jobs/" + kept + "/0.png")), 200);
}

TEST_F(StudioTest, StopsARunningJobAndTellsReaders) {
  TestClient reader(studio_->port());
  reader.send("GET /api/events HTTP/1.1\r\nHost: localhost:" + std::to_string(studio_->port()) +
              "\r\nAuthorization: Bearer " + studio_->token() + "\r\n\r\n");
  ASSERT_TRUE(reader.wait_for("event: snapshot"));
  const std::string id = submit(samples("flow", 64, {{"settings", {{"steps", 1000}}}}));
  ASSERT_TRUE(reader.wait_for("event: preview"));
  EXPECT_EQ(status_of(asked("GET", "/api/state")), 200);  // answered while it runs
  asked("DELETE", "/api/jobs/" + id);
  ASSERT_TRUE(reader.wait_for("\"state\":\"stopped\""));
  EXPECT_EQ(ended(id)["state"], "stopped");
  EXPECT_EQ(ended(submit(samples("ddn", 1)))["state"], "done");
}

TEST(Studio, RefusesToBeOpenToOtherMachinesWithoutAToken) {
  StudioOptions options;
  options.address = "0.0.0.0", options.token = false, options.port = 0;
  EXPECT_THAT(refusal([&] { Studio studio(options); }), HasSubstr("--no-token"));
}

}  // namespace
}  // namespace steer
