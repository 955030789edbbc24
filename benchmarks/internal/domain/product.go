package domain

import (
	"fmt"
	"math"
	"time"
)

// Product is an article in a shop, with its variants.
type Product struct {
	SKU         string            `json:"sku" msgpack:"sku"`
	Name        string            `json:"name" msgpack:"name"`
	Brand       string            `json:"brand" msgpack:"brand"`
	Description string            `json:"description" msgpack:"description"`
	Categories  []string          `json:"categories" msgpack:"categories"`
	PriceCents  int64             `json:"price_cents" msgpack:"price_cents"`
	Currency    string            `json:"currency" msgpack:"currency"`
	Rating      float64           `json:"rating" msgpack:"rating"`
	Reviews     int32             `json:"reviews" msgpack:"reviews"`
	WeightKg    float64           `json:"weight_kg" msgpack:"weight_kg"`
	Attributes  map[string]string `json:"attributes" msgpack:"attributes"`
	Variants    []Variant         `json:"variants" msgpack:"variants"`
	Images      []Image           `json:"images" msgpack:"images"`
	UpdatedAt   time.Time         `json:"updated_at" msgpack:"updated_at"`
}

// Variant is one form in which a product is sold.
type Variant struct {
	SKU        string `json:"sku" msgpack:"sku"`
	Color      string `json:"color" msgpack:"color"`
	Size       string `json:"size" msgpack:"size"`
	PriceCents int64  `json:"price_cents" msgpack:"price_cents"`
	Stock      int32  `json:"stock" msgpack:"stock"`
}

// Image is a picture of a product.
type Image struct {
	URL    string `json:"url" msgpack:"url"`
	Width  int32  `json:"width" msgpack:"width"`
	Height int32  `json:"height" msgpack:"height"`
}

// Products returns n products.
func Products(n int, seed uint64) []Product { return generate(n, seed, source.product) }

func (s source) product() Product {
	sku := fmt.Sprintf("%s-%05d", pick(s, []string{"KT", "LM", "BG", "SH"}), s.IntN(100_000))
	price := 490 + s.Int64N(30_000)
	p := Product{
		SKU:         sku,
		Name:        pick(s, materials) + " " + pick(s, articles),
		Brand:       pick(s, brands),
		Description: s.text(3 + s.IntN(5)),
		Categories:  s.some(categories, 1+s.IntN(3)),
		PriceCents:  price,
		Currency:    "EUR",
		Rating:      math.Round(20+s.Float64()*30) / 10,
		Reviews:     int32(s.IntN(2500)),
		WeightKg:    math.Round(s.Float64()*8000) / 1000,
		Attributes: map[string]string{"material": pick(s, materials), "origin": pick(s, countries),
			"care": s.sentence()},
		UpdatedAt: s.time(),
	}
	for i := range 1 + s.IntN(6) {
		p.Variants = append(p.Variants, Variant{
			SKU: fmt.Sprintf("%s-%d", sku, i+1), Color: pick(s, colors), Size: pick(s,
				sizes), PriceCents: price + int64(i)*150, Stock: int32(s.IntN(80)),
		})
	}
	for range 1 + s.IntN(4) {
		p.Images = append(p.Images,
			Image{URL: "https://cdn.example.com/products/" + s.hex(12) + ".jpg", Width: 1600,
				Height: pick(s, []int32{900, 1200, 1600})})
	}
	return p
}
