#include "steer/objectives/syntax.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

std::string syntax_refusal(const std::string& text) {
  return refusal([&] { parse_objective(text); });
}

TEST(Syntax, WeightsMayBeNegative) {
  const auto weights = [](const std::string& text) {
    std::vector<double> all;
    for (const Call& call : parse_objective(text)) all.push_back(call.weight);
    return all;
  };
  EXPECT_EQ(weights("-f()"), (std::vector<double>{-1}));
  EXPECT_EQ(weights("-0.5*f() - 2*g() - h() + -3*i()"), (std::vector<double>{-0.5, -2, -1, -3}));
  EXPECT_EQ(weights("f()-g()"), (std::vector<double>{1, -1}));
  EXPECT_EQ(weights("f() - -2*g()"), (std::vector<double>{1, 2}));
  EXPECT_EQ(to_text(parse_objective("rank(f()-0.5*g() + h())").at(0)), "rank(f() - 0.5*g() + h())");
  EXPECT_EQ(to_text(parse_objective("rank(-f() + 2*g())").at(0)), "rank(-f() + 2*g())");
}

TEST(Syntax, ReadsASumOfCalls) {
  const std::vector<Call> calls =
      parse_objective(" 0.5*inpaint(photo.png, mask=left)+ super_resolve ( 'my, photo.png' , factor = 4 )");
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].weight, 0.5);
  EXPECT_EQ(calls[0].name, "inpaint");
  EXPECT_EQ(calls[0].column, 6);
  ASSERT_EQ(calls[0].arguments.size(), 2u);
  EXPECT_EQ(calls[0].arguments[0].name, "");
  EXPECT_EQ(calls[0].arguments[0].value, "photo.png");
  EXPECT_EQ(calls[0].arguments[1].name, "mask");
  EXPECT_EQ(calls[0].arguments[1].value, "left");
  EXPECT_EQ(calls[0].arguments[1].column, 25);
  EXPECT_EQ(calls[1].weight, 1.0);
  EXPECT_EQ(calls[1].arguments[0].value, "my, photo.png");
  EXPECT_EQ(calls[1].arguments[1].value, "4");
}

TEST(Syntax, TextParsesToTheSameCallAgain) {
  for (const char* text : {"a()", "inpaint(photo.png, mask=left)", "f(\"x y\", k='a\"b')", "f(a+b-1e3*2.png)",
                           "f(\"\")", "f(it=\"it's\")", "f(gr\xC3\xBC\xC3\x9F.png)"}) {
    const std::string once = to_text(parse_objective(text).at(0));
    EXPECT_EQ(to_text(parse_objective(once).at(0)), once);
  }
  EXPECT_EQ(to_text(parse_objective("2e-1*f( a ,b = 'c d')").at(0)), "f(a, b=\"c d\")");
}

TEST(Syntax, ARankHoldsASumOfItsOwn) {
  const std::vector<Call> calls = parse_objective("2*rank(0.5*a(x, k=1) + b()) + c()");
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].weight, 2);
  ASSERT_EQ(calls[0].terms.size(), 2u);
  EXPECT_EQ(calls[0].terms[0].weight, 0.5);
  EXPECT_EQ(calls[0].terms[0].name, "a");
  EXPECT_EQ(calls[0].terms[1].name, "b");
  EXPECT_EQ(to_text(calls[0]), "rank(0.5*a(x, k=1) + b())");
  EXPECT_EQ(syntax_refusal("rank(a() + rank(b()))"),
            "[objective] column 12: a rank inside a rank in \"rank(a() + rank(b()))\"");
  EXPECT_EQ(syntax_refusal("rank()"),
            "[objective] column 6: expected the name of an objective but got ')' in \"rank()\"");
  EXPECT_EQ(syntax_refusal("rank(a()"),
            "[objective] column 9: expected ')' but got end of text in \"rank(a()\"");
  EXPECT_EQ(syntax_refusal("rank(a(), b())"),
            "[objective] column 9: expected '+' or ')' but got ',' in \"rank(a(), b())\"");
}

TEST(Syntax, NamesTheColumnOfAnError) {
  const std::pair<const char*, const char*> table[] = {
      {"inpaint(x.png", "column 14: expected ')' but got end of text in \"inpaint(x.png\""},
      {"", "column 1: expected the name of an objective but got end of text in \"\""},
      {"inpaint", "column 8: expected '(' but got end of text in \"inpaint\""},
      {"inpaint(a b)", "column 11: expected ',' or ')' but got 'b' in \"inpaint(a b)\""},
      {"inpaint(a,)", "column 11: expected a value but got ')' in \"inpaint(a,)\""},
      {"inpaint(a", "column 10: expected ')' but got end of text in \"inpaint(a\""},
      {"f(a=)", "column 5: expected a value but got ')' in \"f(a=)\""},
      {"f(1=2)", "column 3: expected the name of an argument but got '1' in \"f(1=2)\""},
      {"f('a)", "column 3: expected a closing ' but got end of text in \"f('a)\""},
      {"f() g()", "column 5: expected '+' or end of text but got 'g' in \"f() g()\""},
      {"f() +", "column 6: expected the name of an objective but got end of text in \"f() +\""},
      {"f(g(1))", "column 4: expected ',' or ')' but got '(' in \"f(g(1))\""},
      {"2 f()", "column 3: expected '*' but got 'f' in \"2 f()\""},
      {"f() + 0*g()", "column 7: expected a finite weight that is not 0 but got 0 in \"f() + 0*g()\""},
      {"1e999*f()", "column 1: expected a finite weight that is not 0 but got 1e999 in \"1e999*f()\""},
      {"-inf*f()", "column 1: expected a finite weight that is not 0 but got -inf in \"-inf*f()\""},
      {"nan*f()", "column 4: expected '(' but got '*' in \"nan*f()\""},
      {"f(\xC3\xBC,)", "column 5: expected a value but got ')' in \"f(\xC3\xBC,)\""},
      {"\xC3\xBC()", "column 1: expected the name of an objective but got '\xC3\xBC' in \"\xC3\xBC()\""},
      {"f(\n", "column 4: expected a value but got end of text in \"f(?\""},
      {"f('a\nb')", "column 8: control characters before here in \"f('a?b')\""},
  };
  for (const auto& [text, expected] : table)
    EXPECT_EQ(syntax_refusal(text), std::string("[objective] ") + expected) << text;
}

}  // namespace
}  // namespace steer
