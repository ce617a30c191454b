#include "attn/model/hooks.hpp"

#include <algorithm>

namespace attn {
namespace {

struct SiteName {
  Site site;
  bool in_block;
  const char* name;
};

constexpr SiteName kSites[] = {
    {Site::embed, false, "embed"},
    {Site::pos_embed, false, "pos_embed"},
    {Site::resid_pre, true, "resid_pre"},
    {Site::attn_in, true, "attn_in"},
    {Site::q, true, "attn.q"},
    {Site::k, true, "attn.k"},
    {Site::v, true, "attn.v"},
    {Site::rot_q, true, "attn.rot_q"},
    {Site::rot_k, true, "attn.rot_k"},
    {Site::attn_scores, true, "attn.attn_scores"},
    {Site::pattern, true, "attn.pattern"},
    {Site::z, true, "attn.z"},
    {Site::result, true, "attn.result"},
    {Site::attn_out, true, "attn_out"},
    {Site::resid_mid, true, "resid_mid"},
    {Site::mlp_in, true, "mlp_in"},
    {Site::mlp_pre, true, "mlp.pre"},
    {Site::mlp_post, true, "mlp.post"},
    {Site::mlp_out, true, "mlp_out"},
    {Site::resid_post, true, "resid_post"},
    {Site::final_norm, false, "ln_final.normalized"},
    {Site::logits, false, "logits"},
};

constexpr std::string_view kBlocks = "blocks.";

// "12." at the front of text -> 12, and text without it; -1 if there is none.
int take_layer(std::string_view& text) {
  int layer = 0;
  std::size_t i = 0;
  for (; i < text.size() && i < 4 && text[i] >= '0' && text[i] <= '9'; ++i)
    layer = 10 * layer + (text[i] - '0');
  const bool padded = i > 1 && text[0] == '0';
  if (i == 0 || padded || i == text.size() || text[i] != '.') return -1;
  text.remove_prefix(i + 1);
  return layer;
}

}  // namespace

std::string to_string(HookPoint point) {
  const SiteName& s = kSites[static_cast<std::size_t>(point.site)];
  return s.in_block ? std::string(kBlocks) + std::to_string(point.layer) + "." + s.name : std::string(s.name);
}

std::optional<HookPoint> hook_point(std::string_view name) {
  int layer = -1;
  if (name.substr(0, kBlocks.size()) == kBlocks) {
    name.remove_prefix(kBlocks.size());
    layer = take_layer(name);
    if (layer < 0) return std::nullopt;
  }
  for (const SiteName& s : kSites)
    if (s.name == name && s.in_block == (layer >= 0)) return HookPoint{s.site, layer};
  return std::nullopt;
}

Hooks::Scope& Hooks::Scope::operator=(Scope&& o) noexcept {
  if (this != &o) {
    close();
    hooks_ = o.hooks_;
    id_ = o.id_;
    o.hooks_ = nullptr;
  }
  return *this;
}

void Hooks::Scope::close() {
  if (!hooks_) return;
  auto& entries = hooks_->entries_;
  entries.erase(
      std::remove_if(entries.begin(), entries.end(), [this](const Entry& e) { return e.id == id_; }),
      entries.end());
  hooks_ = nullptr;
}

Hooks::Scope Hooks::observe(HookPoint point, Observe f) {
  entries_.push_back({next_id_, point, std::move(f), nullptr});
  return Scope(this, next_id_++);
}

Hooks::Scope Hooks::replace(HookPoint point, Replace f) {
  entries_.push_back({next_id_, point, nullptr, std::move(f)});
  return Scope(this, next_id_++);
}

bool Hooks::wants(HookPoint point) const {
  for (const Entry& e : entries_)
    if (e.point == point) return true;
  return false;
}

bool Hooks::run(HookPoint point, View value) const {
  bool replaced = false;
  for (const Entry& e : entries_) {
    if (!(e.point == point)) continue;
    if (e.observe) e.observe(point, value);
    if (e.replace) {
      e.replace(point, value);
      replaced = true;
    }
  }
  return replaced;
}

}  // namespace attn
