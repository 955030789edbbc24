package domain

var (
	firstNames = []string{"Ann", "Björn", "Chloé", "Diego", "Emeka", "Fatima", "Grace", "Hiroshi",
		"Ines", "Jürgen", "Keiko", "Lukáš", "Mary", "Ngozi", "Olga", "Priya", "Rosa", "Sven",
		"Tomás", "Yuki"}
	lastNames = []string{"Abe", "Bauer", "Costa", "Dubois", "Eriksson", "Ferreira", "García",
		"Hopper", "Ivanova", "Johnson", "Kowalski", "Lovelace", "Müller", "Novák", "Okafor",
		"Petrov", "Rossi", "Singh", "Tanaka", "Weiß"}
	mailHosts = []string{"example.com", "mail.example.org", "post.example.net"}
	locales   = []string{"en-GB", "en-US", "de-DE", "fr-FR", "ja-JP", "pt-BR", "es-ES", "cs-CZ"}
	zones     = []string{"Europe/Berlin", "America/New_York", "Asia/Tokyo", "Africa/Lagos",
		"America/Sao_Paulo"}
	roles   = []string{"member", "editor", "moderator", "admin"}
	streets = []string{"Hauptstraße", "Station Road", "Rue de la République", "Avenida Paulista",
		"Kungsgatan", "Elm Street"}
	cities = []string{"Berlin", "Köln", "Lyon", "São Paulo", "東京", "Lagos", "Malmö", "Portland",
		"Brno", "Sevilla"}
	countries = []string{"DE", "FR", "BR", "JP", "NG", "SE", "US", "CZ", "ES"}
	scopes    = []string{"profile:read", "profile:write", "orders:read", "orders:write",
		"billing:read", "messages:read"}
	userAgents = []string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like " +
			"Gecko) Version/17.5 Safari/605.1.15",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) " +
			"Chrome/126.0.0.0 Safari/537.36",
		"ShopApp/4.12.0 (iPhone; iOS 17.5; Scale/3.00)",
	}

	materials = []string{"Oak", "Linen", "Steel", "Cotton", "Walnut", "Ceramic", "Wool", "Glass"}
	articles  = []string{"Kettle", "Desk Lamp", "Backpack", "Armchair", "Coffee Grinder",
		"Blanket", "Bookshelf", "Carafe"}
	brands     = []string{"Nordvik", "Atelier Lumière", "Kanso", "Hearth & Co", "Bergmann"}
	categories = []string{"kitchen", "living", "lighting", "travel", "office", "gifts", "sale"}
	colors     = []string{"black", "white", "sand", "forest green", "navy", "terracotta"}
	sizes      = []string{"S", "M", "L", "XL", "one size"}
	tags       = []string{"golang", "coffee", "travel", "photo", "opensource", "旅行", "música",
		"running", "books"}

	subjects = []string{"The whole team", "My neighbour", "A good morning", "This little thing",
		"Nobody I know", "Half of the city", "The night train to Malmö", "Our kitchen"}
	verbs = []string{"needs", "has been waiting for", "would not change", "still remembers",
		"cannot do without", "looks better with", "is built around"}
	objects = []string{"a quiet hour", "the smell of fresh bread", "one more release",
		"a lamp that does not flicker", "the café on the corner", "something handmade",
		"a proper map"}
	endings = []string{"before the rain starts", "on a Sunday", "and that is fine",
		"as long as it lasts", "– no questions asked", "since last summer", "for once", "🚀"}
)
