// The pages that an Ogg file (RFC 3533) is made of.
#pragma once

#include <string>
#include <string_view>

namespace steer {

// Error, with `name`, unless these are whole pages of one stream, from its first to its last, that agree with
// their checksums.
void check_ogg_pages(std::string_view bytes, const std::string& name);

// Puts the pages of one stream under the number 1, where encoders draw one: equal sounds then give equal
// files. `pages` are whole, as an encoder made them.
void renumber_ogg(std::string& pages);

}  // namespace steer
