// What the tests of this folder share: small files made by hand, and the way to the shared data.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <jpeglib.h>

#include "steer/core/check.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {

// An IDX file of unsigned bytes.
inline std::string idx_bytes(const std::vector<uint32_t>& shape, const std::string& values) {
  std::string bytes = {0, 0, 8, static_cast<char>(shape.size())};
  for (uint32_t side : shape)
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(side >> shift);
  return bytes + values;
}

inline void write_gzip(const std::string& path, const std::string& bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
}

// An archive of these names and contents; the end of `path` says which kind.
inline void write_archive(const std::string& path,
                          const std::vector<std::pair<std::string, std::string>>& files) {
  archive* to = archive_write_new();
  if (path.substr(path.size() - 3) == "zip")
    archive_write_set_format_zip(to);
  else
    archive_write_set_format_ustar(to);
  if (path.substr(path.size() - 2) == "gz") archive_write_add_filter_gzip(to);
  ASSERT_EQ(archive_write_open_filename(to, path.c_str()), ARCHIVE_OK);
  for (const auto& [name, bytes] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    archive_write_header(to, entry);
    archive_write_data(to, bytes.data(), bytes.size());
    archive_entry_free(entry);
  }
  archive_write_free(to);
}

// A JPEG of `height` rows of interleaved values, `channels` 1, 3 or 4 (inks, with the mark of Adobe's
// programs or without).
inline std::string jpeg_bytes(std::vector<uint8_t> pixels, int height, int width, int channels,
                              bool adobe = false) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* memory = nullptr;
  unsigned long length = 0;
  jpeg_mem_dest(&jpeg, &memory, &length);
  jpeg.image_height = static_cast<JDIMENSION>(height);
  jpeg.image_width = static_cast<JDIMENSION>(width);
  jpeg.input_components = channels;
  jpeg.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  jpeg.write_Adobe_marker = adobe ? TRUE : FALSE;
  jpeg_set_quality(&jpeg, 95, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  for (int y = 0; y < height; ++y) {
    JSAMPROW row = pixels.data() + y * width * channels;
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  const std::string bytes(reinterpret_cast<char*>(memory), length);
  jpeg_destroy_compress(&jpeg);
  std::free(memory);
  return bytes;
}

// ../shared/data/NAME beside the project, or beside a folder around it; empty where there is none.
inline std::string shared_data(const std::string& name) {
  for (std::filesystem::path at = std::filesystem::path(__FILE__).parent_path(); at != at.parent_path();
       at = at.parent_path())
    if (std::filesystem::exists(at / "shared" / "data" / name))
      return (at / "shared" / "data" / name).string();
  return "";
}

}  // namespace steer
