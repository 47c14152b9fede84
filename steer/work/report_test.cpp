#include "steer/work/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A description with one section.
std::string described_by(const TemporaryFolder& folder, const std::string& section) {
  return folder.put("work/spec.json", "{\"title\": \"A <page>\", \"sections\": [{" + section + "}]}");
}

std::string page_of(const TemporaryFolder& folder, const std::string& section) {
  return read_file(write_report(read_report(described_by(folder, section)), folder / "out"));
}

TEST(Report, EscapesEveryTextAndKeepsItsFewMarks) {
  const TemporaryFolder folder;
  const std::string page = page_of(
      folder, R"("heading": "<script>", "text": "a `x < y` and **this**\n\nnext \"quoted\"", "code": "a && b",
                 "table": [["<b>"], ["1 < 2"]])");
  EXPECT_THAT(page, HasSubstr("<title>A &lt;page&gt;</title>"));
  EXPECT_THAT(page, HasSubstr("<h2>&lt;script&gt;</h2>"));
  EXPECT_THAT(page,
              HasSubstr("<p>a <code>x &lt; y</code> and <b>this</b></p>\n<p>next &quot;quoted&quot;</p>"));
  EXPECT_THAT(page, HasSubstr("<pre>a &amp;&amp; b</pre>"));
  EXPECT_THAT(page, HasSubstr("<td class=\"number\">1 &lt; 2</td>"));
  EXPECT_THAT(page, Not(HasSubstr("<script>")));
  EXPECT_THAT(page, Not(HasSubstr("http")));
}

TEST(Report, CopiesPicturesFromElsewhereAndLeavesThoseInItsFolder) {
  const TemporaryFolder folder;
  const Tensor grey = at::zeros({1, 20, 50});
  for (const char* name : {"work/a.png", "work/more/a.png", "out/b c.png"}) {
    std::filesystem::create_directories(std::filesystem::path(folder / name).parent_path());
    write_png(folder / name, grey);
  }
  const std::string page = page_of(
      folder, R"("pictures": [{"path": "a.png", "caption": "**first**"}, "more/a.png", "../out/b c.png"])");
  EXPECT_THAT(page, HasSubstr("<figcaption><b>first</b></figcaption><a href=\"a.png\">"));
  EXPECT_THAT(page, HasSubstr("src=\"a_2.png\""));
  EXPECT_THAT(page, HasSubstr("src=\"b%20c.png\""));
  // Enlarged by a whole number.
  EXPECT_THAT(page, HasSubstr("width=\"600\" height=\"240\""));
  EXPECT_EQ(read_file(folder / "out/a_2.png"), read_file(folder / "work/a.png"));
  EXPECT_THAT(refusal([&] { page_of(folder, R"("picture": "none.png")"); }), HasSubstr("none.png"));
}

TEST(Report, SoundsHavePlayersAmongThePictures) {
  const TemporaryFolder folder;
  folder.put("work/seven.wav", "sound");
  const std::string page = page_of(folder, R"("pictures": [{"path": "seven.wav", "caption": "seven"}])");
  EXPECT_THAT(page,
              HasSubstr("seven</figcaption><audio controls preload=\"none\" src=\"seven.wav\"></audio>"));
  EXPECT_EQ(read_file(folder / "out/seven.wav"), "sound");
}

TEST(Report, FindsFiguresByTheKeysOnTheWay) {
  const TemporaryFolder folder;
  folder.put("work/x.json", R"({"guided": {"psnr": [20, 21.456789]}, "images": 12, "name": "tfg"})");
  const std::string file = R"("figures": {"file": "x.json", "show": {)";
  const std::string page = page_of(
      folder, file + R"("PSNR": {"at": "guided.psnr.1", "unit": " dB", "digits": 1}, "rough": "guided.psnr.1",
                       "images": "images", "way": "name"}})");
  EXPECT_THAT(page, HasSubstr("<dt>PSNR</dt><dd>21.5 dB</dd>"));
  EXPECT_THAT(page, HasSubstr("<dt>rough</dt><dd>21.46</dd>"));
  EXPECT_THAT(page, HasSubstr("<dt>images</dt><dd>12</dd>"));
  EXPECT_THAT(page, HasSubstr("<dt>way</dt><dd>tfg</dd>"));
  EXPECT_THAT(
      page_of(folder,
              R"("table": [["psnr"], [21.0], [{"file": "x.json", "at": "guided.psnr.1", "digits": 2}]],
                                 "best": {"psnr": "highest"})"),
      ::testing::AllOf(HasSubstr("<td class=\"number\">21.0</td>"),
                       HasSubstr("<td class=\"number best\">21.46</td>")));
  EXPECT_THAT(refusal([&] { page_of(folder, file + R"("a": "guided.psnr.2"}})"); }),
              HasSubstr("sections.0.figures.a: expected a figure at guided.psnr.2 in"));
  EXPECT_THAT(refusal([&] { page_of(folder, file + R"("a": {"att": "b"}}})"); }),
              HasSubstr("did you mean at"));
}

TEST(Report, MarksTheBestCellsOfAColumn) {
  const TemporaryFolder folder;
  const std::string table =
      R"("table": [["way", "psnr", "ms"], ["a", 20, 3], ["b", 21.5, 4], ["c", 21.5, 3.5]])";
  const Report report =
      read_report(described_by(folder, table + R"(, "best": {"psnr": "highest", "ms": "lowest"})"));
  const auto& rows = report.sections[0].table.rows;
  EXPECT_FALSE(rows[0][1].best);
  EXPECT_TRUE(rows[1][1].best && rows[2][1].best && rows[0][2].best);
  EXPECT_FALSE(rows[1][0].best || rows[1][2].best || rows[2][2].best);
  EXPECT_THAT(refusal([&] { read_report(described_by(folder, table + R"(, "best": {"psnr": "most"})")); }),
              HasSubstr("expected highest or lowest"));
}

TEST(Report, RefusesDescriptionsThatAreWrong) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& section) {
    return refusal([&] { read_report(described_by(folder, section)); });
  };
  EXPECT_THAT(refused(R"("headin": "a")"),
              HasSubstr("sections.0: unknown key headin; did you mean heading?"));
  EXPECT_THAT(refused(R"("heading": 3)"), HasSubstr("sections.0.heading: expected a text"));
  EXPECT_THAT(refused(R"("table": ["a"])"), HasSubstr("expected rows"));
  EXPECT_THAT(refused(R"("pictures": [{"file": "a.png"}])"), HasSubstr("unknown key file"));
  const std::string untitled = folder.put("u.json", "{\"sections\": []}");
  EXPECT_THAT(refusal([&] { read_report(untitled); }), HasSubstr("expected a title"));
}

}  // namespace
}  // namespace steer
