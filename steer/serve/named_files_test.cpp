#include "steer/serve/named_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/core/files.h"
#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class NamedFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    save_model(folder_ / "small.safetensors", *small_ddn("pyramid"), {}, nullptr);
    files_.add_model(folder_ / "small.safetensors");
  }
  std::string words(const std::string& text, bool programs = false) {
    return with_paths(text, "image", files_, programs);
  }

  TemporaryFolder folder_;
  NamedFiles files_{folder_ / "uploads"};
};

TEST_F(NamedFilesTest, CardsTellWhatAModelIs) {
  const Json card = files_.models().at("small");
  EXPECT_EQ(card["family"], "ddn");
  EXPECT_EQ(card["space"]["kind"], "image");
  EXPECT_EQ(card["samples"], true);
  EXPECT_FALSE(card["settings"].empty());
  files_.add_model(folder_ / "small.safetensors");
  EXPECT_EQ(files_.models().count("small-2"), 1u);
  EXPECT_EQ(files_.model("small"), files_.model("small-2"));
  EXPECT_THAT(refusal([&] { files_.model("smal"); }), HasSubstr("did you mean small"));
  EXPECT_THAT(refusal([&] { files_.add_model(folder_ / "nothing"); }), HasSubstr("expected a run folder"));
  write_file(folder_ / "other.safetensors", std::string("\x02\0\0\0\0\0\0\0{}", 10));
  EXPECT_THAT(refusal([&] { files_.add_model(folder_ / "other.safetensors"); }), HasSubstr("steer"));
}

TEST_F(NamedFilesTest, UploadsKeepTheirNamesAndNoOtherPlace) {
  EXPECT_EQ(files_.add_upload("a.png", "one"), "a.png");
  EXPECT_EQ(files_.add_upload("a.png", "one"), "a.png");
  EXPECT_EQ(files_.add_upload("a.png", "two"), "a-2.png");
  EXPECT_EQ(files_.add_upload("a.png", "two"), "a-2.png");
  EXPECT_THAT(files_.uploads(), ElementsAre("a-2.png", "a.png"));
  EXPECT_EQ(read_file(files_.upload("a-2.png")), "two");
  for (const char* name : {"", ".", "..", "../a.png", "a/b.png", "/etc/passwd.png", ".a.png", "a b.png",
                           "a.pt", "a.safetensors", "a.html", "a.svg", "a"})
    EXPECT_NE(refusal([&] { files_.add_upload(name, "x"); }), "accepted") << name;
  for (const char* name : {"", "..", "../small.safetensors", "b.png"})
    EXPECT_NE(refusal([&] { files_.upload(name); }), "accepted") << name;
}

TEST_F(NamedFilesTest, WordsSpeakOfNamesAlone) {
  files_.add_upload("x.png", "png");
  const std::string x = files_.upload("x.png");
  EXPECT_EQ(words("inpaint(x.png, mask=left)"), "inpaint(" + x + ", mask=left)");
  EXPECT_EQ(words("0.5*inpaint(image=x.png, mask=x.png) - rank(style(x.png) + denoise(x.png))"),
            "0.5*inpaint(image=" + x + ", mask=" + x + ") - rank(style(" + x + ") + denoise(" + x + "))");
  EXPECT_EQ(words("label(3, classifier=small)"), "label(3, classifier=" + files_.model("small") + ")");
  for (const char* bad :
       {"inpaint(/etc/passwd, mask=left)", "inpaint(../x.png, mask=left)", "inpaint(small, mask=left)",
        "inpaint(x.png, mask=/dev/zero)", "label(3, classifier=/tmp/evil.pt)",
        "rank(style(x.png) + style(/etc/hosts))", "style(x.png, model=uploads/x.png)"})
    EXPECT_THAT(refusal([&] { words(bad); }), HasSubstr("expected the name of")) << bad;
  EXPECT_THAT(refusal([&] { words("program('rm -rf x')"); }), HasSubstr("expected no programs"));
  EXPECT_THAT(refusal([&] { words("rank(program(x) + gaussian())"); }), HasSubstr("expected no programs"));
  EXPECT_EQ(words("program(x)", true), "program(x)");
  EXPECT_THAT(refusal([&] { words("inpaint(x.png"); }), HasSubstr("column"));
}

TEST_F(NamedFilesTest, GuidesAreWhatTheOwnerLists) {
  write_file(folder_ / "net.pt", "x");
  files_.add_guide("net", folder_ / "net.pt");
  EXPECT_THAT(words("label(1, classifier=net)"), HasSubstr("net.pt"));
  EXPECT_THAT(refusal([&] { files_.add_guide("a/b", folder_ / "net.pt"); }), HasSubstr("expected NAME=FILE"));
  EXPECT_THAT(refusal([&] { files_.add_guide("c", folder_ / "none"); }), HasSubstr("expected a file"));
}

}  // namespace
}  // namespace steer
