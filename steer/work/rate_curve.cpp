#include "steer/work/rate_curve.h"

#include <fmt/format.h>

#include "steer/metrics/reconstruction.h"
#include "steer/modalities/modalities.h"
#include "steer/work/batches.h"
#include "steer/work/encoding.h"
#include "steer/work/prior_files.h"
#include "steer/work/samples.h"
#include "steer/work/telling.h"

namespace steer {
namespace {

// Codes [N, L], and the squared errors of what they say after each layer [N, L].
struct CutCodes {
  Tensor code, error;
};

CutCodes cut_codes(const Codec& codec, const State& samples, const Told& told, const RateOptions& options,
                   const WorkWatch& watch) {
  std::vector<Tensor> codes, errors;
  in_batches("rates", samples.size(), options.batch, watch, [&](int64_t at, int64_t rows) {
    const State some = samples.narrow(at, rows).to(options.device);
    const Told told_some = told.narrow(at, rows).to(options.device);
    const Tensor code = codec.encode(some, 1, told_some).code;
    std::vector<Tensor> by_layer;
    for (State& state : codec.unfolded(code, {}, told_some)) {
      state.x = within(codec.space(), state.x);
      by_layer.push_back(error_of(state, some).cpu());
    }
    codes.push_back(code.cpu());
    errors.push_back(at::stack(by_layer, 1));
  });
  return {at::cat(codes), at::cat(errors)};
}

// One for each layer.
std::vector<Rate> code_rates(const std::string& name, const Codec& codec, const CutCodes& cut,
                             const Prior* prior, const Tensor& label) {
  Tensor by_prior;
  if (prior) by_prior = prior->bits(cut.code, label).mean(0).cumsum(0);
  const std::vector<int64_t> candidates = codec.candidates();
  std::vector<Rate> rates;
  double packed = 0;
  for (size_t l = 0; l < candidates.size(); ++l) {
    for (int64_t k = 1; k < candidates[l]; k *= 2) ++packed;
    const auto layer = static_cast<int64_t>(l);
    const Tensor mse = cut.error.select(1, layer);
    rates.push_back({name, layer + 1, prior ? by_prior[layer].item<double>() : packed, packed,
                     psnr(mse).mean().item<double>(), mse.mean().item<double>()});
  }
  return rates;
}

Rate rival_rate(const Rival& rival, int64_t quality, const State& samples) {
  const RivalSamples made = rival.through(samples, quality);
  const Tensor mse = error_of(made.state, made.given);
  return {rival.name,
          quality,
          made.bits.mean().item<double>(),
          made.bare_bits.mean().item<double>(),
          psnr(mse).mean().item<double>(),
          mse.mean().item<double>()};
}

Json rate_figures(const std::vector<Rate>& rates) {
  Json list = Json::array();
  for (const Rate& rate : rates)
    list.push_back({{"codec", rate.codec},
                    {"setting", rate.setting},
                    {"bits", rate.bits},
                    {"bare_bits", rate.bare_bits},
                    {"psnr", rate.psnr},
                    {"mse", rate.mse}});
  return list;
}

// Of one codec's rates, bare or whole.
std::vector<RatePoint> points_of(const std::vector<Rate>& rates, const std::string& codec, bool bare) {
  std::vector<RatePoint> points;
  for (const Rate& rate : rates)
    if (rate.codec == codec) points.push_back({bare ? rate.bare_bits : rate.bits, rate.psnr});
  return points;
}

std::vector<RateComparison> savings_of(const RateCurve& curve, const std::string& code) {
  std::vector<RateComparison> savings;
  for (const auto& [format, shared] : curve.files)
    for (const bool bare : {false, true})
      if (const auto saving =
              rate_saving(points_of(curve.rates, format, bare), points_of(curve.rates, code, false)))
        savings.push_back({format, bare, *saving});
  return savings;
}

Json saving_figures(const std::vector<RateComparison>& savings) {
  Json list = Json::array();
  for (const RateComparison& one : savings)
    list.push_back({{"format", one.format},
                    {"bare", one.bare},
                    {"bd_rate", one.saving.share},
                    {"from_psnr", one.saving.from},
                    {"to_psnr", one.saving.to}});
  return list;
}

}  // namespace

RateCurve rate_curve(const LoadedModel& loaded, const RateOptions& options, const WorkWatch& watch) {
  const Codec& codec = as_codec_of_numbers(loaded, "rates");
  const auto prior = find_prior(options.prior, options.run, codec.fingerprint());
  const auto [samples, label, classes] =
      load_samples(options.data, options.split, options.fit, codec.space(), options.count);
  const Told told = told_by({}, *loaded.model, samples, label, classes);
  const CutCodes cut = cut_codes(codec, samples, told, options, watch);

  RateCurve curve;
  curve.rates = code_rates(loaded.model->family(), codec, cut, prior.get(), told.label);
  for (const Rival& rival : modality_of(codec.space()).rivals) {
    curve.files.emplace_back(rival.name, rival.shared);
    for (const int64_t quality : rival.qualities) curve.rates.push_back(rival_rate(rival, quality, samples));
  }
  curve.samples = samples.size();
  curve.by_prior = prior != nullptr;
  curve.savings = savings_of(curve, loaded.model->family());
  curve.figures = {{"images", curve.samples},
                   {"prior", prior ? fingerprint_text(prior->fingerprint()) : ""},
                   {"rates", rate_figures(curve.rates)},
                   {"savings", saving_figures(curve.savings)}};
  return curve;
}

std::string csv_of(const std::vector<Rate>& rates) {
  std::string csv = "codec,setting,bits,bare_bits,psnr,mse\n";
  for (const Rate& rate : rates)
    csv += fmt::format("{},{},{:.3f},{:.3f},{:.4f},{:.7f}\n", rate.codec, rate.setting, rate.bits,
                       rate.bare_bits, rate.psnr, rate.mse);
  return csv;
}

}  // namespace steer
