#include "steer/molecule/canonical.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <numeric>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "steer/core/check.h"
#include "steer/molecule/bonds.h"

namespace steer {
namespace {

// ---- Names of elements ----

// Symbols of elements 1 to 118, two letters each.
constexpr std::string_view kSymbolsInTurn =
    "H HeLiBeB C N O F NeNaMgAlSiP S ClArK CaScTiV CrMnFeCoNiCuZnGaGeAsSeBrKrRbSrY ZrNbMoTcRuRhPdAgCdInSnSbTe"
    "I XeCsBaLaCePrNdPmSmEuGdTbDyHoErTmYbLuHfTaW ReOsIrPtAuHgTlPbBiPoAtRnFrRaAcThPaU NpPuAmCmBkCfEsFmMdNoLrRf"
    "DbSgBhHsMtDsRgCnNhFlMcLvTsOg";

// The symbol of an element; the number in brackets for what is none.
std::string symbol_in_text(int number) {
  if (number < 1 || 2 * static_cast<size_t>(number) > kSymbolsInTurn.size())
    return "(" + std::to_string(number) + ")";
  const std::string_view two = kSymbolsInTurn.substr(2 * static_cast<size_t>(number) - 2, 2);
  return std::string(two.substr(0, two[1] == ' ' ? 1 : 2));
}

// ---- Graphs with labels ----

// A bond seen from one of its atoms.
struct TextLink {
  int to, order;
};

// Vertices with a text each and bonds between them, in both directions.
struct TextGraph {
  std::vector<std::string> text;
  std::vector<std::vector<TextLink>> links;

  int size() const { return static_cast<int>(text.size()); }
};

TextGraph text_graph_of(const Molecule& molecule) {
  TextGraph graph;
  for (size_t i = 0; i < molecule.number.size(); ++i) {
    std::string text = symbol_in_text(molecule.number[i]);
    const int charge = molecule.charge.empty() ? 0 : molecule.charge[i];
    if (charge != 0) text += "{" + std::to_string(charge) + "}";
    graph.text.push_back(text);
  }
  graph.links.resize(graph.text.size());
  for (const Bond& bond : molecule.bonds) {
    graph.links[static_cast<size_t>(bond.a)].push_back({static_cast<int>(bond.b), bond.order});
    graph.links[static_cast<size_t>(bond.b)].push_back({static_cast<int>(bond.a), bond.order});
  }
  return graph;
}

// Steps that one molecule may take before it is given up: some seconds.
constexpr int64_t kMostCanonicalSteps = int64_t{1} << 28;

void check_canonical_steps(int64_t steps, const TextGraph& graph) {
  STEER_CHECK(steps < kMostCanonicalSteps, "[canonical_text] expected a molecule that some seconds suffice ",
              "for but got one of ", graph.size(), " atoms or rings of them, too large or too symmetric");
}

constexpr std::array<const char*, 4> kBondMarks = {"", "-", "=", "#"};

// What hangs on an atom as its text says it: hydrogens as a number, all else in brackets, sorted.
std::string with_branches(const std::string& atom, std::vector<std::string>& branches) {
  std::sort(branches.begin(), branches.end());
  std::string text = atom;
  const auto hydrogens = std::count(branches.begin(), branches.end(), "-H");
  if (hydrogens > 0) text += "H";
  if (hydrogens > 1) text += std::to_string(hydrogens);
  for (const std::string& branch : branches)
    if (branch != "-H") text.append("(").append(branch, branch[0] == '-' ? 1 : 0).append(")");
  return text;
}

// Writes atoms of one neighbour into that neighbour's text, again and again, until what is left of each part
// is its rings and what joins them, an atom, or two atoms. Gives which atoms are left; the links of these
// then only lead to one another. Rooted trees have equal texts exactly when they are isomorphic.
std::vector<bool> fold_trees(TextGraph& graph) {
  const auto count = static_cast<size_t>(graph.size());
  std::vector<bool> stays(count, true);
  std::vector<size_t> degree(count);
  std::vector<std::vector<std::string>> branches(count);
  std::vector<size_t> leaves, next;
  for (size_t i = 0; i < count; ++i) {
    degree[i] = graph.links[i].size();
    if (degree[i] == 1) leaves.push_back(i);
  }
  int64_t written = 0;
  // All leaves of one round together, so that a tree shrinks to its middle from all sides.
  while (!leaves.empty()) {
    std::vector<std::pair<size_t, TextLink>> folded;
    for (const size_t leaf : leaves) {
      if (degree[leaf] != 1) continue;
      const TextLink link =
          *std::find_if(graph.links[leaf].begin(), graph.links[leaf].end(),
                        [&](const TextLink& l) { return stays[static_cast<size_t>(l.to)]; });
      if (degree[static_cast<size_t>(link.to)] > 1) folded.emplace_back(leaf, link);
    }
    next.clear();
    for (const auto& [leaf, link] : folded) {
      const auto bearer = static_cast<size_t>(link.to);
      branches[bearer].push_back(kBondMarks[static_cast<size_t>(link.order)] +
                                 with_branches(graph.text[leaf], branches[leaf]));
      written += static_cast<int64_t>(branches[bearer].back().size());
      branches[leaf].clear();
      stays[leaf] = false;
      if (--degree[bearer] == 1) next.push_back(bearer);
    }
    check_canonical_steps(written, graph);
    leaves.swap(next);
  }
  for (size_t i = 0; i < count; ++i) {
    if (stays[i]) graph.text[i] = with_branches(graph.text[i], branches[i]);
    auto& links = graph.links[i];
    links.erase(std::remove_if(links.begin(), links.end(),
                               [&](const TextLink& l) { return !stays[static_cast<size_t>(l.to)]; }),
                links.end());
  }
  return stays;
}

// The connected parts of what stays.
std::vector<TextGraph> parts_of(const TextGraph& graph, const std::vector<bool>& stays) {
  std::vector<int> place(stays.size(), -1);
  std::vector<TextGraph> parts;
  for (size_t first = 0; first < stays.size(); ++first) {
    if (!stays[first] || place[first] >= 0) continue;
    std::vector<size_t> members = {first};
    place[first] = 0;
    for (size_t at = 0; at < members.size(); ++at)
      for (const TextLink& link : graph.links[members[at]]) {
        const auto to = static_cast<size_t>(link.to);
        if (place[to] >= 0) continue;
        place[to] = static_cast<int>(members.size());
        members.push_back(to);
      }
    TextGraph part;
    for (const size_t member : members) {
      part.text.push_back(graph.text[member]);
      part.links.emplace_back();
      for (const TextLink& link : graph.links[member])
        part.links.back().push_back({place[static_cast<size_t>(link.to)], link.order});
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

// ---- Ordered partitions of vertices into cells ----

// The vertices in a row, cut into cells; a cell is known by the place of its first vertex.
struct VertexCells {
  std::vector<int> row;     // vertices
  std::vector<int> place;   // of a vertex in the row
  std::vector<int> cell;    // of a vertex: where its cell begins
  std::vector<int> length;  // of the cell that begins here
  int count = 0;            // of cells

  void name(int begin, int end) {
    length[static_cast<size_t>(begin)] = end - begin;
    for (int i = begin; i < end; ++i) {
      const auto vertex = static_cast<size_t>(row[static_cast<size_t>(i)]);
      place[vertex] = i;
      cell[vertex] = begin;
    }
  }
};

// One cell for each text, in the order of texts.
VertexCells cells_by_text(const TextGraph& graph) {
  const auto count = static_cast<size_t>(graph.size());
  VertexCells cells;
  cells.row.resize(count);
  std::iota(cells.row.begin(), cells.row.end(), 0);
  const auto text = [&](int i) -> const std::string& { return graph.text[static_cast<size_t>(i)]; };
  std::stable_sort(cells.row.begin(), cells.row.end(), [&](int a, int b) { return text(a) < text(b); });
  cells.place = cells.cell = cells.length = std::vector<int>(count, 0);
  for (size_t begin = 0; begin < count;) {
    size_t end = begin + 1;
    while (end < count && text(cells.row[end]) == text(cells.row[begin])) ++end;
    cells.name(static_cast<int>(begin), static_cast<int>(end));
    ++cells.count;
    begin = end;
  }
  return cells;
}

// Splits cells until all atoms of a cell have the same bonds into every cell. What it does depends on places
// in the row alone, never on the numbers of vertices, so that isomorphic graphs go through the same.
class CellRefinement {
 public:
  explicit CellRefinement(const TextGraph& graph)
      : graph_(graph), bonds_(static_cast<size_t>(graph.size()), 0), waits_(bonds_.size(), false) {}

  // Splits for the sake of the cells that begin at these places. Gives a trace: equal where two graphs, or
  // two branches of one, went the same way.
  uint64_t refine(VertexCells& cells, const std::vector<int>& splitters) {
    trace_ = 1469598103934665603u;
    for (const int begin : splitters) wait_for(begin);
    while (!queue_.empty()) {
      const int begin = queue_.front();
      queue_.pop_front();
      waits_[static_cast<size_t>(begin)] = false;
      if (cells.count < graph_.size()) split_by(cells, begin);
    }
    note(static_cast<uint64_t>(cells.count));
    return trace_;
  }

  int64_t steps() const { return steps_; }

 private:
  void note(uint64_t value) { trace_ = (trace_ ^ (value + (trace_ >> 29))) * 1099511628211u; }

  void wait_for(int begin) {
    if (waits_[static_cast<size_t>(begin)]) return;
    waits_[static_cast<size_t>(begin)] = true;
    queue_.push_back(begin);
  }

  // Splits all cells by the bonds of their atoms into the cell at `begin`.
  void split_by(VertexCells& cells, int begin) {
    const int end = begin + cells.length[static_cast<size_t>(begin)];
    std::vector<int> touched_vertices, touched;
    for (int i = begin; i < end; ++i)
      for (const TextLink& link : graph_.links[static_cast<size_t>(cells.row[static_cast<size_t>(i)])]) {
        uint64_t& bonds = bonds_[static_cast<size_t>(link.to)];
        if (bonds == 0) touched_vertices.push_back(link.to);
        bonds += uint64_t{1} << (21 * (link.order - 1));  // up to two million of each order
        ++steps_;
      }
    for (const int vertex : touched_vertices) touched.push_back(cells.cell[static_cast<size_t>(vertex)]);
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const int cell : touched) split(cells, cell);
    for (const int vertex : touched_vertices) bonds_[static_cast<size_t>(vertex)] = 0;
  }

  // Splits one cell by what bonds_ says of its atoms.
  void split(VertexCells& cells, int begin) {
    const int end = begin + cells.length[static_cast<size_t>(begin)];
    steps_ += end - begin;
    const auto bonds = [&](int i) { return bonds_[static_cast<size_t>(cells.row[static_cast<size_t>(i)])]; };
    std::sort(cells.row.begin() + begin, cells.row.begin() + end,
              [&](int a, int b) { return bonds_[static_cast<size_t>(a)] < bonds_[static_cast<size_t>(b)]; });
    std::vector<int> begins;
    for (int i = begin; i < end; ++i)
      if (i == begin || bonds(i) != bonds(i - 1)) begins.push_back(i);
    note(static_cast<uint64_t>(begin));
    int largest = begin, largest_length = 0;
    for (size_t k = 0; k < begins.size(); ++k) {
      const int from = begins[k], to = k + 1 < begins.size() ? begins[k + 1] : end;
      note(bonds(from));
      note(static_cast<uint64_t>(to));
      cells.name(from, to);
      if (to - from > largest_length) largest = from, largest_length = to - from;
    }
    cells.count += static_cast<int>(begins.size()) - 1;
    if (begins.size() == 1) return;
    // A cell that waited is replaced by all its pieces; of one that did not, the largest piece may be left
    // out.
    const bool waited = waits_[static_cast<size_t>(begin)];
    for (const int from : begins)
      if (waited || from != largest) wait_for(from);
  }

  const TextGraph& graph_;
  std::vector<uint64_t> bonds_;  // of each vertex into the splitting cell, by order
  std::vector<bool> waits_;      // whether the cell that begins here is in the queue
  std::deque<int> queue_;
  uint64_t trace_ = 0;
  int64_t steps_ = 0;
};

// ---- The least of all lists of bonds ----

// One walk through the tree of ways to single out atoms, for a connected graph.
class CanonicalSearch {
 public:
  explicit CanonicalSearch(const TextGraph& graph) : graph_(graph), refinement_(graph) {}

  // The bonds between places, sorted, of the least leaf; and, in `row`, the vertices at these places.
  std::vector<std::array<int, 3>> least(std::vector<int>& row) {
    VertexCells cells = cells_by_text(graph_);
    std::vector<int> all;
    for (int at = 0; at < graph_.size(); at += cells.length[static_cast<size_t>(at)]) all.push_back(at);
    refinement_.refine(cells, all);
    visit(cells, 0);
    row = best_row_;
    return best_bonds_;
  }

 private:
  // Visits a node at this depth, reached by singling out path_. Gives the depth to go back to: less than
  // `depth` when a symmetry made the whole branch one that has been seen.
  size_t visit(const VertexCells& cells, size_t depth) {
    check_canonical_steps(refinement_.steps() + steps_, graph_);
    const int target = target_of(cells);
    if (target < 0) return leaf(cells, depth);
    const int length = cells.length[static_cast<size_t>(target)];
    std::vector<int> members(cells.row.begin() + target, cells.row.begin() + target + length);
    std::vector<int> seen;
    for (const int vertex : members) {
      if (is_like_one_seen(vertex, seen, depth)) continue;
      seen.push_back(vertex);
      VertexCells below = cells;
      steps_ += 16 * int64_t{graph_.size()};  // as many bytes are held on the way down
      single_out(below, target, vertex);
      const uint64_t trace = refinement_.refine(below, {target});
      if (!keeps_pace(trace, depth)) continue;
      path_.resize(depth);
      path_.push_back(vertex);
      const size_t back = visit(below, depth + 1);
      path_.resize(depth);
      if (back < depth) return back;
    }
    return depth;
  }

  // The first of the smallest cells with more than one atom; -1 where all are alone.
  static int target_of(const VertexCells& cells) {
    int target = -1, least = 0;
    const int count = static_cast<int>(cells.row.size());
    for (int at = 0; at < count; at += cells.length[static_cast<size_t>(at)]) {
      const int length = cells.length[static_cast<size_t>(at)];
      if (length > 1 && (target < 0 || length < least)) target = at, least = length;
    }
    return target;
  }

  static void single_out(VertexCells& cells, int target, int vertex) {
    const int end = target + cells.length[static_cast<size_t>(target)];
    const int place = cells.place[static_cast<size_t>(vertex)];
    std::swap(cells.row[static_cast<size_t>(target)], cells.row[static_cast<size_t>(place)]);
    cells.name(target, target + 1);
    cells.name(target + 1, end);
    ++cells.count;
  }

  // Whether the branch may still hold the least leaf, the one of least traces. A lower trace than
  // the best leaf's makes all leaves below better than it.
  bool keeps_pace(uint64_t trace, size_t depth) {
    if (traces_.size() > depth && trace > traces_[depth]) return false;
    if (traces_.size() > depth && trace < traces_[depth]) {
      traces_.resize(depth);
      has_best_ = false;
    }
    if (traces_.size() == depth) traces_.push_back(trace);
    return true;
  }

  // Whether a symmetry that was found, and leaves the path in place, takes the vertex to one in `seen`.
  bool is_like_one_seen(int vertex, const std::vector<int>& seen, size_t depth) {
    if (seen.empty() || symmetries_.empty()) return false;
    std::vector<int> parent(static_cast<size_t>(graph_.size()));
    std::iota(parent.begin(), parent.end(), 0);
    const auto root_of = [&](int i) {
      while (parent[static_cast<size_t>(i)] != i) i = parent[static_cast<size_t>(i)];
      return i;
    };
    for (const std::vector<int>& symmetry : symmetries_) {
      bool fixes = true;
      steps_ += graph_.size();
      for (size_t i = 0; i < depth && fixes; ++i) fixes = symmetry[static_cast<size_t>(path_[i])] == path_[i];
      for (int i = 0; fixes && i < graph_.size(); ++i) {
        const int a = root_of(i), b = root_of(symmetry[static_cast<size_t>(i)]);
        parent[static_cast<size_t>(std::max(a, b))] = std::min(a, b);
      }
    }
    const int root = root_of(vertex);
    return std::any_of(seen.begin(), seen.end(), [&](int other) { return root_of(other) == root; });
  }

  // Compares a leaf with the best one. Where they are alike, the vertices at equal places are symmetric.
  size_t leaf(const VertexCells& cells, size_t depth) {
    std::vector<std::array<int, 3>> bonds = bonds_at(cells);
    if (!has_best_ || bonds < best_bonds_) {
      best_bonds_ = std::move(bonds);
      best_row_ = cells.row;
      best_path_ = path_;
      has_best_ = true;
      return depth;
    }
    if (bonds != best_bonds_) return depth;
    std::vector<int> symmetry(cells.row.size());
    for (size_t i = 0; i < cells.row.size(); ++i) symmetry[static_cast<size_t>(best_row_[i])] = cells.row[i];
    symmetries_.push_back(std::move(symmetry));
    // The branch below the last common node is the image of the best leaf's branch, which is done with.
    size_t common = 0;
    while (common < path_.size() && common < best_path_.size() && path_[common] == best_path_[common])
      ++common;
    return common;
  }

  // All bonds as (place, later place, order), sorted.
  std::vector<std::array<int, 3>> bonds_at(const VertexCells& cells) const {
    std::vector<std::array<int, 3>> bonds;
    for (size_t i = 0; i < cells.row.size(); ++i)
      for (const TextLink& link : graph_.links[static_cast<size_t>(cells.row[i])]) {
        const int from = static_cast<int>(i), to = cells.place[static_cast<size_t>(link.to)];
        if (from < to) bonds.push_back({from, to, link.order});
      }
    std::sort(bonds.begin(), bonds.end());
    return bonds;
  }

  const TextGraph& graph_;
  CellRefinement refinement_;
  std::vector<int> path_, best_path_, best_row_;  // vertices
  std::vector<std::array<int, 3>> best_bonds_;
  std::vector<uint64_t> traces_;  // of the best leaf, or of the way down to the first better one
  bool has_best_ = false;
  std::vector<std::vector<int>> symmetries_;
  int64_t steps_ = 0;
};

// The text of a connected part whose trees are folded.
std::string part_text(const TextGraph& part) {
  if (part.size() == 1) return part.text[0];
  std::vector<int> row;
  const std::vector<std::array<int, 3>> bonds = CanonicalSearch(part).least(row);
  std::string text = "[";
  for (size_t i = 0; i < row.size();) {
    const std::string& atom = part.text[static_cast<size_t>(row[i])];
    size_t end = i + 1;
    while (end < row.size() && part.text[static_cast<size_t>(row[end])] == atom) ++end;
    text.append(i > 0 ? "," : "").append(atom);
    if (end > i + 1) text.append("*").append(std::to_string(end - i));
    i = end;
  }
  const char* separator = ";";
  for (const auto& [a, b, order] : bonds) {
    text.append(separator).append(std::to_string(a)).append(kBondMarks[static_cast<size_t>(order)]);
    text.append(std::to_string(b));
    separator = ",";
  }
  return text + "]";
}

}  // namespace

std::string canonical_text(const Molecule& molecule) {
  check_molecule(molecule, "[canonical_text]");
  TextGraph graph = text_graph_of(molecule);
  const std::vector<bool> stays = fold_trees(graph);
  std::vector<std::string> texts;
  for (const TextGraph& part : parts_of(graph, stays)) texts.push_back(part_text(part));
  std::sort(texts.begin(), texts.end());
  std::string text;
  for (size_t i = 0; i < texts.size(); ++i) text.append(i > 0 ? "." : "").append(texts[i]);
  return text;
}

std::string formula(const Molecule& molecule) {
  std::map<std::string, int64_t> counts;
  for (const int number : molecule.number) ++counts[symbol_in_text(number)];
  std::string text;
  const auto write = [&](const std::string& symbol, int64_t count) {
    text += symbol;
    if (count > 1) text += std::to_string(count);
  };
  if (counts.count("C") > 0)
    for (const char* first : {"C", "H"}) {
      const auto found = counts.find(first);
      if (found == counts.end()) continue;
      write(first, found->second);
      counts.erase(found);
    }
  for (const auto& [symbol, count] : counts) write(symbol, count);
  return text;
}

int64_t different(const std::vector<std::string>& texts) {
  return static_cast<int64_t>(std::unordered_set<std::string>(texts.begin(), texts.end()).size());
}

}  // namespace steer
