#include "steer/picture/lettering.h"

#include <cairo.h>

#include <algorithm>
#include <memory>

#include "steer/core/check.h"

namespace steer {
namespace {

constexpr int kCellWidth = 8, kCellHeight = 17, kBeside = 8, kAbove = 6, kBaseline = 13;
constexpr double kLetterSize = 13;
constexpr int64_t kMostCells = 4096;

using Surface = std::unique_ptr<cairo_surface_t, void (*)(cairo_surface_t*)>;
using Pen = std::unique_ptr<cairo_t, void (*)(cairo_t*)>;

void draw_cell(cairo_t* pen, const LetterCell& cell, double x, double y) {
  if (cell.look == LetterCell::kHidden) {
    cairo_set_source_rgb(pen, 0.78, 0.80, 0.84);
    cairo_rectangle(pen, x + 1, y + 2, kCellWidth - 2, kCellHeight - 4);
    cairo_fill(pen);
    return;
  }
  if (cell.letter.empty()) return;
  cairo_set_source_rgb(pen, 0.10, 0.10, 0.12);
  cairo_move_to(pen, x, y + kBaseline);
  cairo_show_text(pen, cell.letter.c_str());
}

// The pixels, blue first in memory on every machine of this byte order, as [3, h, w] in [-1, 1].
Tensor pixels_of(cairo_surface_t* surface, int64_t height, int64_t width) {
  cairo_surface_flush(surface);
  const Tensor bgrx = at::from_blob(cairo_image_surface_get_data(surface), {height, width, 4},
                                    {cairo_image_surface_get_stride(surface), 4, 1}, torch::kUInt8);
  return bgrx.narrow(2, 0, 3).flip(2).permute({2, 0, 1}).to(torch::kFloat32).div(127.5).sub(1).contiguous();
}

}  // namespace

Tensor lettered(const LetterLines& lines, int64_t columns, int64_t rows) {
  STEER_CHECK(columns >= 1 && columns <= kMostCells && rows >= 1 && rows <= kMostCells,
              "[lettering] expected 1 to ", kMostCells, " columns and rows but got ", columns, " and ", rows);
  const int64_t width = columns * kCellWidth + 2 * kBeside, height = rows * kCellHeight + 2 * kAbove;
  const Surface surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width), static_cast<int>(height)),
      cairo_surface_destroy);
  STEER_CHECK(cairo_surface_status(surface.get()) == CAIRO_STATUS_SUCCESS,
              "[lettering] cairo: ", cairo_status_to_string(cairo_surface_status(surface.get())));
  const Pen pen(cairo_create(surface.get()), cairo_destroy);
  cairo_set_source_rgb(pen.get(), 1, 1, 1);
  cairo_paint(pen.get());
  cairo_select_font_face(pen.get(), "monospace", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(pen.get(), kLetterSize);
  for (size_t row = 0; row < std::min(lines.size(), static_cast<size_t>(rows)); ++row)
    for (size_t column = 0; column < std::min(lines[row].size(), static_cast<size_t>(columns)); ++column)
      draw_cell(pen.get(), lines[row][column], kBeside + static_cast<double>(column) * kCellWidth,
                kAbove + static_cast<double>(row) * kCellHeight);
  return pixels_of(surface.get(), height, width);
}

}  // namespace steer
