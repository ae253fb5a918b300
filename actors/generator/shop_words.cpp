#include "actors/generator/shop_words.hpp"

#include <array>

namespace millrace::generator {

namespace {

using words = std::string_view;

constexpr std::array<words, 40> first_names{
    "Ada",   "Ben",    "Chen",  "Dalia",  "Emil",   "Farah", "Goran", "Hana",  "Ines",  "Jonas",
    "Kavya", "Liam",   "Marta", "Noah",   "Oluchi", "Pedro", "Quinn", "Rosa",  "Søren", "Tomás",
    "Uma",   "Viktor", "Wanda", "Ximena", "Yusuf",  "Zoë",   "Amara", "Björn", "Clara", "Dmitri",
    "Elif",  "Felix",  "Greta", "Hugo",   "Imani",  "Jan",   "Keiko", "Luca",  "Mei",   "Núria"};

constexpr std::array<words, 40> last_names{
    "Okafor", "Larsson", "Wei",      "Haddad",  "Novak",    "Rahimi",  "Petrov", "Sato",
    "Moreau", "Weber",   "Iyer",     "O'Brien", "Kowalska", "Fischer", "Eze",    "Alvarez",
    "Murphy", "Ricci",   "Ångström", "Núñez",   "Smith",    "Johnson", "Brown",  "García",
    "Miller", "Davis",   "Martin",   "Nguyen",  "Kim",      "Patel",   "Jensen", "Dubois",
    "Müller", "Rossi",   "Silva",    "Ivanova", "Tanaka",   "Cohen",   "Yılmaz", "Müller-Lüdenscheidt"};

constexpr std::array<place, 36> places{{
    {"New York", "NY", "100"},       {"Los Angeles", "CA", "900"}, {"Chicago", "IL", "606"},
    {"Houston", "TX", "770"},        {"Phoenix", "AZ", "850"},     {"Philadelphia", "PA", "191"},
    {"San Antonio", "TX", "782"},    {"San Diego", "CA", "921"},   {"Dallas", "TX", "752"},
    {"San Jose", "CA", "951"},       {"Austin", "TX", "787"},      {"Jacksonville", "FL", "322"},
    {"Columbus", "OH", "432"},       {"Charlotte", "NC", "282"},   {"Indianapolis", "IN", "462"},
    {"Seattle", "WA", "981"},        {"Denver", "CO", "802"},      {"Washington", "DC", "200"},
    {"Boston", "MA", "021"},         {"Nashville", "TN", "372"},   {"Detroit", "MI", "482"},
    {"Portland", "OR", "972"},       {"Las Vegas", "NV", "891"},   {"Baltimore", "MD", "212"},
    {"Milwaukee", "WI", "532"},      {"Albuquerque", "NM", "871"}, {"Atlanta", "GA", "303"},
    {"Kansas City", "MO", "641"},    {"Omaha", "NE", "681"},       {"Minneapolis", "MN", "554"},
    {"New Orleans", "LA", "701"},    {"Honolulu", "HI", "968"},    {"Boise", "ID", "837"},
    {"Salt Lake City", "UT", "841"}, {"Cañon City", "CO", "812"},  {"Anchorage", "AK", "995"},
}};

constexpr std::array<kind_of_goods, 30> kinds{{
    {"Laptop", "electronics", 49900, 249900},
    {"Phone", "electronics", 19900, 119900},
    {"Headphones", "electronics", 2990, 39990},
    {"Keyboard", "electronics", 1995, 18995},
    {"Monitor", "electronics", 12900, 79900},
    {"Running shoes", "sports", 5900, 18900},
    {"Yoga mat", "sports", 1950, 8950},
    {"Water bottle", "sports", 900, 3900},
    {"Tent", "sports", 7900, 59900},
    {"Bicycle", "sports", 29900, 219900},
    {"Coffee grinder", "home", 3900, 24900},
    {"Desk lamp", "home", 1999, 12999},
    {"Towels", "home", 1400, 6400},
    {"Iron pan", "home", 2490, 9490},
    {"Armchair", "home", 14900, 89900},
    {"Novel", "books", 799, 2499},
    {"Cook book", "books", 1495, 4995},
    {"Atlas", "books", 2995, 12995},
    {"Picture book", "books", 899, 2499},
    {"Dictionary", "books", 1999, 7999},
    {"Rain jacket", "clothing", 6900, 29900},
    {"Sweater", "clothing", 3500, 15500},
    {"Jeans", "clothing", 4900, 14900},
    {"Café apron", "clothing", 1900, 4900},
    {"Hat", "clothing", 1500, 6500},
    {"Puzzle", "toys", 990, 4990},
    {"Building set", "toys", 1999, 34999},
    {"Board game", "toys", 1995, 8995},
    {"Kite", "toys", 1200, 7200},
    {"Doll's house", "toys", 4900, 24900},
}};

constexpr std::array<words, 16> adjectives{"Plain",   "Light", "Sturdy", "Compact", "Classic", "Fine",
                                           "Bright",  "Quiet", "Swift",  "Nordic",  "Urban",   "Alpine",
                                           "Coastal", "Royal", "Prima",  "Élan"};

constexpr std::array<words, 16> streets{"Mill Lane",   "Race Street", "Harbor Road", "Cedar Avenue",
                                        "Orchard Row", "Lake View",   "Maple Court", "River Walk",
                                        "Hill Street", "Park Avenue", "Dock Street", "Elm Street",
                                        "Bay Street",  "Ferry Road",  "Vine Street", "Plaza \"Old\" Road"};

} // namespace

std::string_view first_name(dice& chance) { return chance.one_of(first_names); }

std::string_view last_name(dice& chance) { return chance.one_of(last_names); }

const place& home(dice& chance) { return places[zipf(0.6).rank(chance, places.size())]; }

const kind_of_goods& goods(dice& chance) { return chance.one_of(kinds); }

std::string_view adjective(dice& chance) { return chance.one_of(adjectives); }

std::string street(dice& chance) {
  return std::to_string(chance.between(1, 9999)) + " " + std::string(chance.one_of(streets));
}

} // namespace millrace::generator
