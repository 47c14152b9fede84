// The page's files, as they were when the library was built (page/).
#pragma once

#include <string>
#include <string_view>

namespace steer {

// The bytes of a file of the page, "index.html"; empty where there is none.
std::string_view page_file(std::string_view name);

// The type by the ending of a file of the page.
std::string page_type(std::string_view name);

}  // namespace steer
