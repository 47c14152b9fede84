#include "steer/data/listing.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "steer/testing/test_files.h"

namespace steer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
namespace fs = std::filesystem;

std::vector<std::string> names_of(const FileListing& listing) {
  std::vector<std::string> names;
  for (const Listed& file : listing.files) names.push_back(file.name);
  return names;
}

std::vector<std::string> sources_of(const FileListing& listing) {
  std::vector<std::string> sources;
  for (const Listed& file : listing.files) sources.push_back(file.source);
  return sources;
}

std::vector<std::string> skips_of(const FileListing& listing) {
  std::vector<std::string> skips;
  for (const Skipped& one : listing.skipped) skips.push_back(one.name + ": " + one.reason);
  return skips;
}

TEST(FolderListing, FollowsLinksToFilesAndFolders) {
  const TemporaryFolder folder;
  folder.put("elsewhere/x.png", "1");
  folder.put("set/a/1.png", "1");
  folder.put("set/.hidden/2.png", "1");
  fs::create_symlink(fs::absolute(folder / "elsewhere"), folder / "set/b");
  fs::create_symlink("../a/1.png", folder / "set/a/also.png");
  fs::create_symlink("a", folder / "set/c");
  EXPECT_THAT(names_of(folder_listing(folder / "set")),
              ElementsAre("a/1.png", "a/also.png", "b/x.png", "c/1.png", "c/also.png"));
  fs::create_directory_symlink("set", folder / "linked");
  EXPECT_EQ(folder_listing(folder / "linked").files.size(), 5u);
}

TEST(FolderListing, NamesLoopsAndWhatIsNoFile) {
  const TemporaryFolder folder;
  folder.put("a/1.png", "1");
  fs::create_symlink("..", folder / "a/up");
  fs::create_symlink("self", folder / "self");
  fs::create_symlink("gone", folder / "nothing.png");
  ASSERT_EQ(mkfifo((folder / "pipe.png").c_str(), 0600), 0);
  const FileListing listing = folder_listing(folder.path());
  EXPECT_THAT(names_of(listing), ElementsAre("a/1.png"));
  EXPECT_THAT(
      skips_of(listing),
      UnorderedElementsAre("a/up: link back to a folder around it", "self: link back to a folder around it",
                           "nothing.png: link to nothing", "pipe.png: no plain file"));
}

// An archive of files and links: each has a name and, of a link, where it leads.
struct Made {
  std::string name, target;
  enum { kFile, kLink, kHard, kFolder } kind = kFile;
};

void write_linked(const std::string& path, const std::vector<Made>& entries) {
  archive* to = archive_write_new();
  if (path.substr(path.size() - 3) == "zip")
    archive_write_set_format_zip(to);
  else
    archive_write_set_format_pax(to);
  ASSERT_EQ(archive_write_open_filename(to, path.c_str()), ARCHIVE_OK);
  for (const Made& one : entries) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, one.name.c_str());
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_filetype(entry, one.kind == Made::kLink     ? AE_IFLNK
                                      : one.kind == Made::kFolder ? AE_IFDIR
                                                                  : AE_IFREG);
    if (one.kind == Made::kLink) archive_entry_set_symlink(entry, one.target.c_str());
    if (one.kind == Made::kHard) archive_entry_set_hardlink(entry, one.target.c_str());
    archive_entry_set_size(entry, one.kind == Made::kFile ? 1 : 0);
    archive_write_header(to, entry);
    if (one.kind == Made::kFile) archive_write_data(to, "1", 1);
    archive_entry_free(entry);
  }
  archive_write_free(to);
}

TEST(ArchiveListing, FollowsHardAndSymbolicLinks) {
  const TemporaryFolder folder;
  write_linked(folder / "x.tar", {{"./a/", "", Made::kFolder},
                                  {"./a/1.png", ""},
                                  {"a/2.png", "a/1.png", Made::kHard},
                                  {"b/3.png", "../a/2.png", Made::kLink},
                                  {"c", "a", Made::kLink},
                                  {"d", "c", Made::kLink}});
  const FileListing listing = archive_listing(folder / "x.tar");
  EXPECT_THAT(names_of(listing),
              ElementsAre("a/1.png", "a/2.png", "b/3.png", "c/1.png", "c/2.png", "d/1.png", "d/2.png"));
  EXPECT_THAT(sources_of(listing), testing::Each("a/1.png"));
  write_linked(folder / "x.zip", {{"a/1.png", ""}, {"b/3.png", "../a/1.png", Made::kLink}});
  EXPECT_THAT(sources_of(archive_listing(folder / "x.zip")), ElementsAre("a/1.png", "a/1.png"));
}

TEST(ArchiveListing, NamesLoopsAndLinksThatLeadOut) {
  const TemporaryFolder folder;
  write_linked(folder / "x.tar", {{"a/1.png", ""},
                                  {"a/up", "..", Made::kLink},
                                  {"one", "two", Made::kLink},
                                  {"two", "one", Made::kLink},
                                  {"out.png", "../../etc/passwd", Made::kLink},
                                  {"root.png", "/etc/passwd", Made::kLink},
                                  {"hard.png", "gone.png", Made::kHard}});
  const FileListing listing = archive_listing(folder / "x.tar");
  EXPECT_THAT(names_of(listing), ElementsAre("a/1.png"));
  EXPECT_THAT(
      skips_of(listing),
      UnorderedElementsAre("a/up: link back to a folder around it", "one: link back to a folder around it",
                           "two: link back to a folder around it", "out.png: link to nothing",
                           "root.png: link to nothing", "hard.png: link to nothing"));
}

TEST(ArchiveListing, NamesBeyondAsciiAreRead) {
  const TemporaryFolder folder;
  archive* to = archive_write_new();
  archive_write_set_format_zip(to);
  ASSERT_EQ(archive_write_set_options(to, "zip:hdrcharset=UTF-8"), ARCHIVE_OK);
  ASSERT_EQ(archive_write_open_filename(to, (folder / "x.zip").c_str()), ARCHIVE_OK);
  const std::string name = "b\xc3\xa4r/\xe7\x8c\xab.png";
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname_utf8(entry, name.c_str());
  archive_entry_set_perm(entry, 0644);
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_size(entry, 1);
  EXPECT_EQ(archive_write_header(to, entry), ARCHIVE_OK);
  archive_write_data(to, "1", 1);
  archive_entry_free(entry);
  archive_write_free(to);
  EXPECT_THAT(names_of(archive_listing(folder / "x.zip")), ElementsAre(name));
}

TEST(ArchiveListing, ANameTwiceIsRefused) {
  const TemporaryFolder folder;
  write_linked(folder / "x.tar", {{"a.png", ""}, {"a.png", ""}});
  EXPECT_THAT(refusal([&] { archive_listing(folder / "x.tar"); }), HasSubstr("a.png twice"));
}

TEST(SkippedText, CountsEachReasonAndNamesTheFirst) {
  EXPECT_EQ(text_of(std::vector<Skipped>{}), "");
  EXPECT_EQ(text_of({{"a.heic", ".heic", ""},
                     {"x.png", "unreadable", "cut off"},
                     {"b.heic", ".heic", ""},
                     {"y.png", "unreadable", "no PNG"}}),
            "skipped: 2 .heic, 2 unreadable (x.png: cut off)");
}

}  // namespace
}  // namespace steer
