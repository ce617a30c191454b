// What `attn heads --conllu` prints and writes.
#include <cstdio>

#include "attn/text/labelled.hpp"
#include "cli/heads_text.hpp"

namespace cli {

namespace {

using attn::HeadRoles;
using attn::Index;
using attn::RelationReport;
using attn::io::Json;

Json number(double x) { return Json::of(x); }

Json numbers(const std::vector<double>& values) {
  Json out = Json::array();
  for (double x : values) out.push(number(x));
  return out;
}

struct RoleColumn {
  const char* name;
  double (*value)(const HeadRoles&);
};
constexpr RoleColumn role_columns[] = {
    {"previous", [](const HeadRoles& r) { return double(r.scores.previous); }},
    {"across", [](const HeadRoles& r) { return double(r.previous_across); }},
    {"inside", [](const HeadRoles& r) { return double(r.inside); }},
    {"current", [](const HeadRoles& r) { return double(r.scores.current); }},
    {"first", [](const HeadRoles& r) { return double(r.scores.first); }},
    {"duplicate", [](const HeadRoles& r) { return double(r.scores.duplicate); }},
    {"induction", [](const HeadRoles& r) { return double(r.scores.induction); }},
    {"punctuation", [](const HeadRoles& r) { return double(r.punctuation); }},
    {"offset", [](const HeadRoles& r) { return double(r.offset); }},
    {"offset_weight", [](const HeadRoles& r) { return double(r.offset_weight); }},
    {"offset_top", [](const HeadRoles& r) { return double(r.offset_top); }},
    {"entropy_ratio", [](const HeadRoles& r) { return double(r.scores.entropy_ratio); }},
    {"distance", [](const HeadRoles& r) { return double(r.scores.distance); }},
};

Json to_json(const HeadRoles& r) {
  Json out = Json::object();
  for (const RoleColumn& c : role_columns) out.set(c.name, number(c.value(r)));
  return out;
}

Json to_json(const attn::Estimate& e) { return numbers({e.value, e.low, e.high}); }

Json to_json(const RelationReport& r, Index kind) {
  Json out = Json::object();
  out.set("relation", Json::of(std::string(attn::text::relation_kinds[kind].name)));
  out.set("from", Json::of(std::string(attn::text::relation_kinds[kind].from_head ? "head" : "dependent")));
  out.set("queries", number(double(r.queries)));
  out.set("held_out", number(double(r.held_out)));
  out.set("head", number(r.head));
  out.set("selected", number(r.selected));
  out.set("accuracy", to_json(r.accuracy));
  out.set("mass", number(r.mass));
  out.set("offset", number(r.offset));
  out.set("offset_accuracy", number(r.offset_accuracy));
  out.set("nearest_accuracy", number(r.nearest_accuracy));
  out.set("chance", number(r.chance));
  out.set("uniform_mass", number(r.uniform_mass));
  out.set("gain", to_json(r.gain));
  out.set("head_accuracy", numbers(r.head_accuracy));
  out.set("head_mass", numbers(r.head_mass));
  return out;
}

Json sources(const TextReport& report) {
  Json out = Json::array();
  for (const TextSource& s : report.sources) {
    Json j = Json::object();
    j.set("file", Json::of(s.file));
    j.set("sentences", number(double(s.sentences)));
    j.set("sequences", number(double(s.passages)));
    j.set("too_long", number(double(s.too_long)));
    j.set("chains", Json::of(s.chains));
    out.push(std::move(j));
  }
  return out;
}

std::string head_name(Index heads, Index k) {
  return "L" + std::to_string(k / heads) + "H" + std::to_string(k % heads);
}

void print_roles(const TextReport& report) {
  std::printf("%-8s", "head");
  for (const RoleColumn& c : role_columns) std::printf(" %13s", c.name);
  std::printf("\n");
  for (std::size_t k = 0; k <= report.roles.size(); ++k) {
    const bool last = k == report.roles.size();
    std::printf("%-8s", last ? "uniform" : head_name(report.heads, static_cast<Index>(k)).c_str());
    for (const RoleColumn& c : role_columns)
      std::printf(" %13.3f", c.value(last ? report.uniform : report.roles[k]));
    std::printf("\n");
  }
}

void print_relations(const TextReport& report) {
  std::printf("\n%-22s %6s %6s %7s  %-15s %8s %8s %8s %8s  %s\n", "relation (from)", "n", "head", "on half",
              "accuracy", "offset", "nearest", "untrain.", "chance", "gain over the offset");
  for (Index kind = 0; kind < attn::text::relation_count; ++kind) {
    const RelationReport& r = report.relations[static_cast<std::size_t>(kind)];
    const RelationReport& u = report.untrained[static_cast<std::size_t>(kind)];
    const std::string name = std::string(attn::text::relation_kinds[kind].name) +
                             (attn::text::relation_kinds[kind].from_head ? " (head)" : " (dependent)");
    if (r.queries == 0) continue;
    std::printf("%-22s %6td %6s %7.3f  %.3f %.3f-%.3f %4.3f@%-2d %8.3f %8.3f %8.3f  %+.3f (%+.3f to %+.3f)\n",
                name.c_str(), r.queries, head_name(report.heads, r.head).c_str(), r.selected,
                r.accuracy.value, r.accuracy.low, r.accuracy.high, r.offset_accuracy, r.offset,
                r.nearest_accuracy, u.accuracy.value, r.chance, r.gain.value, r.gain.low, r.gain.high);
  }
}

}  // namespace

Json to_json(const TextReport& report) {
  Json out = Json::object(), roles = Json::array(), relations = Json::array(), untrained = Json::array();
  for (const HeadRoles& r : report.roles) roles.push(to_json(r));
  for (Index kind = 0; kind < attn::text::relation_count; ++kind) {
    relations.push(to_json(report.relations[static_cast<std::size_t>(kind)], kind));
    untrained.push(to_json(report.untrained[static_cast<std::size_t>(kind)], kind));
  }
  Json ablation = Json::object(), circuits = Json::object();
  ablation.set("sequences", number(double(report.ablation.passages)));
  ablation.set("predictions", number(double(report.ablation.predictions)));
  ablation.set("loss", number(report.ablation.loss));
  ablation.set("zero", numbers(report.ablation.zero));
  ablation.set("mean", numbers(report.ablation.mean));
  circuits.set("copying", numbers(report.circuits.copying));
  circuits.set("self", numbers(report.circuits.self));
  out.set("layers", number(double(report.layers)));
  out.set("heads", number(double(report.heads)));
  out.set("sources", sources(report));
  out.set("roles", std::move(roles));
  out.set("uniform", to_json(report.uniform));
  out.set("relations", std::move(relations));
  out.set("untrained", std::move(untrained));
  out.set("ablation", std::move(ablation));
  out.set("circuits", std::move(circuits));
  return out;
}

void print_table(const TextReport& report) {
  for (const TextSource& s : report.sources)
    std::printf("%s: %td sentences in %td sequences%s, %td too long\n", s.file.c_str(), s.sentences,
                s.passages, s.chains ? " (coreference only)" : "", s.too_long);
  std::printf("\n");
  print_roles(report);
  print_relations(report);
}

}  // namespace cli
